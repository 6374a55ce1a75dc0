/** What there is to choose from: asked for when somebody opens a choice, and not before. */

import { useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "../../api/client";

/** More are not listed; whoever looks for one of the others types its name. */
const MOST_JOBS = 1_000;
const LIMIT = 200;

type Job = Schemas["Job"];

async function jobs(): Promise<Job[]> {
  const found: Job[] = [];
  let cursor: string | null = null;
  do {
    const page: Schemas["JobPage"] = await body(
      api.GET("/jobs", { params: { query: { limit: LIMIT, ...(cursor === null ? {} : { cursor }) } } }),
    );
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && found.length < MOST_JOBS);
  return found;
}

const QUERY = { queryKey: ["job", "names"], queryFn: jobs };

export function useJobs() {
  return useQuery({ ...QUERY, select: (found) => found.map((job) => job.job_id) });
}

export function useTags() {
  return useQuery({ ...QUERY, select: (found) => [...new Set(found.flatMap((job) => job.tags))].sort() });
}

/** The paths of inputs that these jobs, or any, declare as searchable. */
export function usePaths(of: readonly string[]) {
  return useQuery({
    ...QUERY,
    select: (found) => {
      const asked = found.filter((job) => of.length === 0 || of.includes(job.job_id));
      return [...new Set(asked.flatMap((job) => job.searchable ?? []))].sort();
    },
  });
}

export function useQueues() {
  return useQuery({
    queryKey: ["queue", "names"],
    queryFn: async () =>
      (await body(api.GET("/queues", { params: { query: { limit: LIMIT } } }))).items.map((queue) => queue.name),
  });
}
