/** What a page shows stands in its address. */

import { useSearchParams } from "wouter";

type Changes = Record<string, string | null>;

/** The address with changes: null and "" take something away. Another filter begins its list anew. */
export function changed(search: URLSearchParams, changes: Changes): URLSearchParams {
  const next = new URLSearchParams(search);
  next.delete("cursor");
  for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
  return next;
}

export function useAddress() {
  const [search, setSearch] = useSearchParams();
  return {
    told: (name: string) => search.get(name) ?? "",
    change: (changes: Changes) => setSearch((standing) => changed(standing, changes)),
  };
}
