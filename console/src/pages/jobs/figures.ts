/** Figures of a job's last runs. */

interface Took {
  started_at: string | null;
  finished_at: string | null;
}

/** How long a run took, in milliseconds; undefined where it never started, or has not ended. */
export function tookMs({ started_at, finished_at }: Took): number | undefined {
  return started_at && finished_at ? Date.parse(finished_at) - Date.parse(started_at) : undefined;
}

/** What 95 of 100 of them did not exceed; undefined where there is none. */
export function p95(runs: readonly Took[]): number | undefined {
  const lengths = runs
    .map(tookMs)
    .filter((each) => each !== undefined)
    .sort((a, b) => a - b);
  return lengths[Math.ceil(lengths.length * 0.95) - 1];
}
