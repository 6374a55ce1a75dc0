/** Where the jobs of a graph stand: each to the right of all that it hangs on. */

interface Edge {
  upstream: string;
  downstream: string;
}

/** Columns from left to right. There are no cycles; where there were one, its jobs would stand in the last columns. */
export function layersOf(jobs: readonly string[], edges: readonly Edge[]): string[][] {
  const column = new Map(jobs.map((job) => [job, 0]));
  for (let round = 1; round < jobs.length; round++) {
    let moved = false;
    for (const { upstream, downstream } of edges) {
      const least = (column.get(upstream) ?? 0) + 1;
      if ((column.get(downstream) ?? 0) >= least) continue;
      column.set(downstream, Math.min(least, jobs.length - 1));
      moved = true;
    }
    if (!moved) break;
  }
  return Array.from({ length: jobs.length }, (_, place) => jobs.filter((job) => column.get(job) === place)).filter(
    (layer) => layer.length > 0,
  );
}
