/** A page that is being read: its rows stay where they are, while what they say is kept true. */

import type { Run, Schemas } from "../../api/client";

export type RunPage = Schemas["RunPage"];

/** `next` is where the next page begins; `newest` the first page as it would be now, of which nothing is shown yet. */
export interface Shown {
  runs: readonly Run[];
  next: string | null;
  newest: RunPage | null;
}

export function shown(page: RunPage): Shown {
  return { runs: page.items, next: page.next_cursor, newest: null };
}

/** The same rows as they are now. One that is not there any more stays as it was last. */
export function renewed(standing: Shown, now: readonly Run[], newest: RunPage | null): Shown {
  const known = new Map(now.map((run) => [run.run_id, run]));
  return { ...standing, runs: standing.runs.map((run) => known.get(run.run_id) ?? run), newest };
}

/** How many would come into the page; `more` where there may be others beyond. Ids sort by when they were made. */
export function newcomers({ runs, next, newest }: Shown): { count: number; more: boolean } {
  if (newest === null) return { count: 0, more: false };
  const ids = new Set(runs.map((run) => run.run_id));
  const last = next === null ? "" : (runs.at(-1)?.run_id ?? "");
  const count = newest.items.filter((run) => !ids.has(run.run_id) && run.run_id > last).length;
  return { count, more: newest.has_more && count === newest.items.length };
}
