/** The environment of a program as lines that people type: `NAME=value`. Pure: text in, text out. */

import type { Draft } from "./document";
import { read } from "./fields";

type Environment = Record<string, string>;

export function environmentOf(draft: Draft): Environment {
  const said = read(draft, "env");
  if (typeof said !== "object" || said === null) return {};
  return Object.fromEntries(Object.entries(said).map(([name, value]) => [name, String(value)]));
}

/** Whether lines can say it: a value of several lines cannot be one. */
export function hasOnlyLines(environment: Environment): boolean {
  return Object.values(environment).every((value) => !value.includes("\n"));
}

/** Undefined where a line says no variable, or one is said twice. */
export function readEnvironment(text: string): Environment | undefined {
  const lines = text.split("\n").filter((line) => line.trim());
  const found: Environment = {};
  for (const line of lines) {
    const at = line.indexOf("=");
    const name = line.slice(0, at).trim();
    if (at < 0 || !name || Object.hasOwn(found, name)) return undefined;
    found[name] = line.slice(at + 1);
  }
  return found;
}

export function writeEnvironment(environment: Environment): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}
