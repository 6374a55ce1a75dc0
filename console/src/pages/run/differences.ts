/** What differs between two runs, in the order and the parts in which people look for a cause. */

import type { Schemas } from "../../api/client";
import { jsonText } from "../../api/json";

export type Difference = Schemas["Difference"];
export type Area = "definition" | "inputs" | "worker" | "order" | "outcome";

const OUTCOME = new Set(["waited_sec", "took_sec", "attempt", "status", "error", "result"]);

/** Which part of a run a difference is of. */
export function areaOf({ field }: Difference): Area {
  const first = field.split(".")[0] ?? "";
  if (first === "job_version" || first === "definition") return "definition";
  if (first === "inputs") return "inputs";
  if (first === "worker_id" || first === "worker") return "worker";
  return OUTCOME.has(first) ? "outcome" : "order";
}

/** What may be a cause: what came of a run is none, and which of its kind a worker was seldom is. */
export function causes(differences: readonly Difference[]): Difference[] {
  return differences.filter(
    (each) => areaOf(each) !== "outcome" && !["worker_id", "cause", "retry_of"].includes(each.field),
  );
}

/** A value on one line or more, as people write it; null where there is none. */
export function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : jsonText(value);
}

/** Two texts as what they begin with alike, what differs, and what they end with alike. */
export function parted(before: string, after: string): { head: string; before: string; after: string; tail: string } {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return {
    head: before.slice(0, head),
    before: before.slice(head, before.length - tail),
    after: after.slice(head, after.length - tail),
    tail: tail ? before.slice(-tail) : "",
  };
}
