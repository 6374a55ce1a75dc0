/** What a run says, history first and then live, on one cursor; and what a reader looks for in it. */

import { useEffect, useState } from "react";
import { HOME, type LogEntry } from "../../../api/client";
import { jsonText, parseJson } from "../../../api/json";
import { plain, segments } from "./ansi";
import { follow } from "./follow";

/** A line with its number in the whole log, from 1, by which links find it, and its text without colours. */
export interface Line extends LogEntry {
  number: number;
  text: string;
}

export type Level = LogEntry["level"];
export const LEVELS = ["debug", "info", "warning", "error"] as const satisfies readonly Level[];

export interface Log {
  lines: readonly Line[];
  /** Whether nothing more will come. */
  whole: boolean;
}

/** Lines come in floods: they are shown a few times a second. */
const PAUSE_MS = 150;

export function useLog(runId: string): Log {
  const [log, setLog] = useState<Log>({ lines: [], whole: false });
  useEffect(() => {
    const all: Line[] = [];
    let whole = false;
    let pause = 0;
    setLog({ lines: all, whole });
    const show = () => {
      pause = 0;
      setLog({ lines: all.slice(), whole });
    };
    const stop = follow(`${HOME}/runs/${encodeURIComponent(runId)}/logs?follow=1`, ({ event, data }) => {
      if (event === "log") all.push(lineOf(parseJson(data) as LogEntry, all.length + 1));
      whole = event === "end";
      pause ||= window.setTimeout(show, PAUSE_MS);
      return !whole;
    });
    return () => {
      stop();
      window.clearTimeout(pause);
    };
  }, [runId]);
  return log;
}

export function lineOf(entry: LogEntry, number: number): Line {
  const fields = told(entry.fields);
  return { ...entry, number, text: plain(entry.message) + (fields && ` ${fields}`) };
}

/** A line in parts of one look each: its message, and behind it its fields. */
export function partsOf(line: Line): { text: string; classes: string }[] {
  const fields = line.text.slice(plain(line.message).length);
  return fields ? [...segments(line.message), { text: fields, classes: "dim" }] : segments(line.message);
}

function told(fields: unknown): string {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return "";
  const said = (value: unknown) => (typeof value === "string" ? value : jsonText(value));
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${said(value)}`)
    .join(" ");
}

/** Those of an attempt and of a level or above; null means all. */
export function narrowed(lines: readonly Line[], attempt: number | null, level: Level | null): readonly Line[] {
  if (attempt === null && level === null) return lines;
  const least = level === null ? 0 : LEVELS.indexOf(level);
  return lines.filter((line) => (attempt === null || line.attempt === attempt) && LEVELS.indexOf(line.level) >= least);
}

/** The places of the lines that hold a text, in either case of its letters. */
export function matches(lines: readonly Line[], text: string): number[] {
  const sought = text.toLowerCase();
  const found: number[] = [];
  if (sought)
    lines.forEach((line, place) => {
      if (line.text.toLowerCase().includes(sought)) found.push(place);
    });
  return found;
}

/** A text in parts, of which every second is what was looked for. */
export function marked(text: string, sought: string): string[] {
  if (!sought) return [text];
  const parts: string[] = [];
  const lower = text.toLowerCase();
  // Of few letters is the lower case of another length: their places could not be told by it.
  if (lower.length !== text.length) return [text];
  let from = 0;
  for (let at = lower.indexOf(sought); at >= 0; at = lower.indexOf(sought, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + sought.length));
    from = at + sought.length;
  }
  return [...parts, text.slice(from)];
}

/** Where an attempt went wrong, of its own lines: the first error, else the first on standard error, else the last. */
export function firstError(lines: readonly Line[]): Line | undefined {
  const said = lines.filter((line) => line.stream !== "system");
  return said.find((line) => line.level === "error") ?? said.find(isError) ?? said.at(-1) ?? lines[0];
}

export function isError(line: Line): boolean {
  return line.level === "error" || line.stream === "stderr";
}
