/** The address of the list, and ways to change it. */

import { useMemo } from "react";
import { useSearchParams } from "wouter";
import { cursorOf, filtersOf } from "./filters";

type Change = (search: URLSearchParams) => URLSearchParams;

export function useAddress() {
  const [search, setSearch] = useSearchParams();
  return useMemo(
    () => ({
      filters: filtersOf(search),
      cursor: cursorOf(search),
      get: (name: string) => search.get(name),
      /** Another address, which Back leaves again; `replace` for what nobody wants to go back to. */
      go: (change: Change, replace = false) => setSearch(change, { replace }),
    }),
    [search, setSearch],
  );
}

export type Address = ReturnType<typeof useAddress>;
