/** What the address says of the failures that are looked for, and what is asked for. */

import type { Schemas } from "../../api/client";

export type Group = Schemas["FailureGroup"];

export const STATES = ["open", "snoozed", "resolved"] as const;
export const ALL = "all";

const HOUR_MS = 3_600_000;
export const RANGES = { "1h": HOUR_MS, "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS } as const;
export type Range = keyof typeof RANGES;

export interface Wanted {
  status: (typeof STATES)[number] | typeof ALL;
  job: string;
  error: string;
  range: Range | "";
}

/** Open ones are shown where nothing else is asked for. */
export function wanted(told: (name: string) => string): Wanted {
  const said = told("status");
  return {
    status: said === ALL ? ALL : (STATES.find((each) => each === said) ?? "open"),
    job: told("job"),
    error: told("error"),
    range: told("range") in RANGES ? (told("range") as Range) : "",
  };
}

export function question({ status, job, error, range }: Wanted, now: number) {
  return {
    ...(status === ALL ? {} : { status: [status] }),
    ...(job ? { job: [job] } : {}),
    ...(error ? { error: [error] } : {}),
    ...(range ? { failed_after: new Date(now - RANGES[range]).toISOString() } : {}),
  };
}

/** Whether something is asked for beyond what is shown at first. */
export function isFiltered({ job, error, range, status }: Wanted): boolean {
  return Boolean(job || error || range) || (status !== "open" && status !== ALL);
}
