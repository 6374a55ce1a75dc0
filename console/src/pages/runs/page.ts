/** A page of runs that stays as it is while one reads it. */

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body, type Run } from "../../api/client";
import { wantedOf } from "./filters";
import { type RunPage, renewed, type Shown, shown } from "./merging";

export const PAGE = 50;

/** What a page shows, and `show`, which takes in what is new. It is read anew at every visit. */
export function useRunPage(filters: URLSearchParams, cursor: string | null) {
  const queries = useQueryClient();
  const key = ["run", "list", filters.toString(), cursor];
  const query = useQuery({
    queryKey: key,
    gcTime: 0,
    queryFn: () => read(queries.getQueryData<Shown>(key), filters, cursor),
  });
  return { query, show: () => show(queries, key) };
}

async function read(standing: Shown | undefined, filters: URLSearchParams, cursor: string | null): Promise<Shown> {
  // Where there are no rows none can jump.
  if (standing === undefined || standing.runs.length === 0) return shown(await list(filters, cursor));
  const [rows, newest] = await Promise.all([
    named(standing.runs.map((run) => run.run_id)),
    cursor === null ? list(filters, null) : null,
  ]);
  return renewed(standing, rows, newest);
}

async function show(queries: QueryClient, key: unknown[]): Promise<void> {
  await queries.cancelQueries({ queryKey: key });
  queries.setQueryData<Shown>(key, (standing) => (standing?.newest ? shown(standing.newest) : standing));
}

function list(filters: URLSearchParams, cursor: string | null): Promise<RunPage> {
  // Where the address holds what the API does not know, the API says so.
  const query = { ...wantedOf(filters), limit: PAGE, ...(cursor === null ? {} : { cursor }) };
  return body(api.GET("/runs", { params: { query } }));
}

async function named(run: string[]): Promise<Run[]> {
  return (await body(api.GET("/runs", { params: { query: { run, limit: PAGE } } }))).items;
}
