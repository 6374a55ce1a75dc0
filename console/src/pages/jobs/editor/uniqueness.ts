/** Until when a run with the same key stands in the way of another. Pure: text in, text out. */

import { Draft } from "./document";
import { read, write } from "./fields";

export const UNIQUES = ["off", "finished", "started", "seconds"] as const;
export type UniqueUntil = (typeof UNIQUES)[number];

export function uniqueOf(draft: Draft): UniqueUntil {
  if (read(draft, "unique") === undefined) return "off";
  const until = read(draft, "unique_until");
  if (until === undefined || typeof until === "string") return until === "started" ? "started" : "finished";
  return "seconds";
}

const AN_HOUR = 3600;

export function withUnique(draft: Draft, until: UniqueUntil): string {
  if (until === "off") return write(draft, "unique", undefined);
  return write(draft, "unique_until", until === "seconds" ? AN_HOUR : until);
}

/** Without a key equal inputs are one: what it is unique until stays said, or nothing would say that it is. */
export function withUniqueKey(draft: Draft, key: string): string {
  if (key) return write(draft, "unique_key", key);
  const until = read(draft, "unique_until") ?? "finished";
  return write(new Draft(write(draft, "unique_until", until)), "unique_key", undefined);
}
