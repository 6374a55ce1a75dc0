/** What one looks for, as it stands in the address: the keys of `GET /runs`, and beside them what the page itself keeps there. */

import type { Wanted } from "../../ui/bulk/requests";

/** The page's own: where one is among the pages, and what one is about to do to which runs. */
const OWN = ["cursor", "selection", "act", "action"] as const;
export type Own = (typeof OWN)[number];

const MANY = ["run", "status", "job", "queue", "tag", "where", "failure_group"];

/** How many pages one can step back: the address must not grow for ever. */
const MOST_STEPS = 10;

/** Everything in the address that is not the page's own. What is wrong there the API refuses, and says so best. */
export function filtersOf(search: URLSearchParams): URLSearchParams {
  const filters = new URLSearchParams(search);
  for (const name of OWN) filters.delete(name);
  return filters;
}

/** Filters as the API takes them, in a query or in a body. */
export function wantedOf(filters: URLSearchParams): Partial<Wanted> {
  const wanted: Record<string, unknown> = {};
  for (const name of new Set(filters.keys())) {
    const values = filters.getAll(name);
    const last = values[values.length - 1];
    wanted[name] = MANY.includes(name) ? values : name === "dead_letters" && last === "true" ? true : last;
  }
  return wanted;
}

/** The address with other values of one filter. Another list begins at its beginning, and nothing of it is selected. */
export function withFilter(search: URLSearchParams, name: string, values: readonly string[]): URLSearchParams {
  return withFilters(search, { [name]: values });
}

export function withFilters(
  search: URLSearchParams,
  changed: Readonly<Record<string, readonly string[]>>,
): URLSearchParams {
  const next = withOwn(search, { cursor: null, selection: null, act: null });
  for (const [name, values] of Object.entries(changed)) {
    next.delete(name);
    for (const value of values) next.append(name, value);
  }
  return next;
}

/** The address with other things of the page's own; null takes them out. */
export function withOwn(search: URLSearchParams, changed: Partial<Record<Own, string | null>>): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changed)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/** The address once nothing is to be done any more to what was frozen. */
export function withoutSelection(search: URLSearchParams): URLSearchParams {
  return withOwn(search, { selection: null, act: null });
}

/** One page on. The cursors before it stay in the address, so that one can step back. */
export function older(search: URLSearchParams, cursor: string): URLSearchParams {
  return withCursors(search, [...search.getAll("cursor"), cursor].slice(-MOST_STEPS));
}

/** One page back. */
export function newer(search: URLSearchParams): URLSearchParams {
  return withCursors(search, search.getAll("cursor").slice(0, -1));
}

/** Where one is among the pages; null at their beginning. */
export function cursorOf(search: URLSearchParams): string | null {
  return search.getAll("cursor").at(-1) ?? null;
}

function withCursors(search: URLSearchParams, cursors: readonly string[]): URLSearchParams {
  const next = new URLSearchParams(search);
  next.delete("cursor");
  for (const cursor of cursors) next.append("cursor", cursor);
  return next;
}

/** A filter's value in the address, which one can take away by itself. */
export interface Chip {
  name: string;
  value: string;
}

/** What may lie in a period, which is one thing said by two keys. */
export const PERIODS = ["created", "finished"] as const;
export type Period = (typeof PERIODS)[number];

/** All of them but the periods. */
export function chipsOf(filters: URLSearchParams): Chip[] {
  return [...filters].filter(([name]) => !isPeriod(name)).map(([name, value]) => ({ name, value }));
}

/** The address with another period: from when on, and before when; null is any. */
export function withPeriod(
  search: URLSearchParams,
  period: Period,
  after: string | null,
  before: string | null,
): URLSearchParams {
  const values = (at: string | null) => (at === null ? [] : [at]);
  return withFilters(search, { [`${period}_after`]: values(after), [`${period}_before`]: values(before) });
}

export function isPeriod(name: string): boolean {
  return PERIODS.some((period) => name === `${period}_after` || name === `${period}_before`);
}

export function withoutChip(search: URLSearchParams, { name, value }: Chip): URLSearchParams {
  return withFilter(
    search,
    name,
    search.getAll(name).filter((each) => each !== value),
  );
}
