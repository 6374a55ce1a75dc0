/** What of a run is shown stands in its address: tab, attempt, and what is looked for in its log. */

import { useCallback } from "react";
import { useSearchParams } from "wouter";

export const TABS = ["logs", "io", "timeline", "graph", "compare"] as const;
export type Tab = (typeof TABS)[number];

/** The address's parameters, and a way to set some of them (null takes one away); `#…` goes, as it is of the log. */
export function useView(): [URLSearchParams, (values: Record<string, string | null>) => void] {
  const [search, setSearch] = useSearchParams();
  const change = useCallback(
    (values: Record<string, string | null>) => setSearch((standing) => changed(standing, values), { replace: true }),
    [setSearch],
  );
  return [search, change];
}

export function changed(standing: URLSearchParams, values: Record<string, string | null>): URLSearchParams {
  const next = new URLSearchParams(standing);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  return next;
}
