/** How long a failed attempt waits for the next: by a list, by one delay, or longer each time. Pure: text in, text out. */

import { Draft } from "./document";
import { PLACES, read } from "./fields";

export const BACKOFFS = ["list", "fixed", "exponential"] as const;
export type Backoff = (typeof BACKOFFS)[number];

export function backoffOf(draft: Draft): Backoff {
  if (read(draft, "delay") !== undefined) return "fixed";
  if (draft.get(["retry_policy", "backoff"]) !== undefined) return "exponential";
  const strategy = BACKOFFS.find((each) => each === read(draft, "strategy"));
  return read(draft, "backoff") === undefined ? (strategy ?? "list") : "list";
}

const FIRST: Record<Backoff, readonly [string, unknown]> = {
  list: ["backoff_sec", [1, 2, 5]],
  fixed: ["delay_sec", 5],
  exponential: ["backoff", { base: 1, factor: 2, cap: 3600 }],
};

/** The text with another kind, as a first suggestion. That a handler's own rule is asked first stays. */
export function withBackoff(draft: Draft, backoff: Backoff): string {
  const gone = [...PLACES.backoff, ...PLACES.delay, ["retry_policy", "backoff"]];
  if (read(draft, "strategy") !== "custom") gone.push(...PLACES.strategy);
  const text = gone.reduce((left, path) => new Draft(left).with(path, undefined), draft.text);
  const [key, value] = FIRST[backoff];
  return new Draft(text).with(["retry_policy", key], value);
}
