/** What a run of a job can be given: by its schema, else by the inputs that it has. */

import type { Schemas } from "../../../api/client";
import { jsonText, parseJson } from "../../../api/json";

type Json = string | number | bigint | boolean | null | Json[] | { [key: string]: Json };

export interface Parameter {
  name: string;
  kind: "text" | "number" | "switch" | "choice" | "json";
  about: string;
  required: boolean;
  /** What the job gives it by itself. */
  standing: Json | undefined;
  choices: Json[];
}

interface Schema {
  type?: string | string[];
  enum?: Json[];
  default?: Json;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
}

export function parametersOf(job: Pick<Schemas["Job"], "inputs" | "inputs_schema">): Parameter[] {
  const schema = (job.inputs_schema ?? {}) as Schema;
  const inputs = job.inputs as Record<string, Json>;
  const known = schema.properties ?? {};
  const names = [...Object.keys(known), ...Object.keys(inputs).filter((name) => !(name in known))];
  return names.map((name) => {
    const one = known[name] ?? {};
    const standing = inputs[name] ?? one.default;
    return {
      name,
      kind: one.enum ? "choice" : kindOf(one.type ?? typeName(standing)),
      about: one.description ?? "",
      required: (schema.required ?? []).includes(name) && standing === undefined,
      standing,
      choices: one.enum ?? [],
    };
  });
}

function kindOf(type: string | string[] | undefined): Parameter["kind"] {
  if (type === "string") return "text";
  if (type === "number" || type === "integer") return "number";
  return type === "boolean" ? "switch" : "json";
}

function typeName(value: Json | undefined): string | undefined {
  if (typeof value === "bigint") return "integer";
  return value === undefined || value === null || typeof value === "object" ? undefined : typeof value;
}

/** A value as it is typed. */
export function typed(parameter: Parameter, value: Json | undefined): string {
  if (value === undefined) return "";
  return parameter.kind === "text" && typeof value === "string" ? value : jsonText(value);
}

/** What was typed, as a value; undefined for nothing. Throws SyntaxError for what is none. */
export function meant(parameter: Parameter, text: string): Json | undefined {
  if (parameter.kind === "text") return text === "" && parameter.standing === undefined ? undefined : text;
  return text.trim() === "" ? undefined : (parseJson(text) as Json);
}

/** The inputs to send: those that differ from what the job gives by itself. */
export function changedInputs(parameters: readonly Parameter[], texts: Record<string, string>): Record<string, Json> {
  const changed: Record<string, Json> = {};
  for (const parameter of parameters) {
    const text = texts[parameter.name];
    if (text === undefined || text === typed(parameter, parameter.standing)) continue;
    const value = meant(parameter, text);
    if (value !== undefined) changed[parameter.name] = value;
  }
  return changed;
}
