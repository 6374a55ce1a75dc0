/** Buckets of time as the chart stacks them: how long each is, what stands on what, and where a click has met. */

import type { Schemas } from "../../api/client";

/** From the ground up. */
export const OUTCOMES = ["completed", "failed", "cancelled", "skipped"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type Counts = Record<Outcome, number>;

/** How many runs ended in a span of time, by how they did; moments are milliseconds. */
export interface Bar extends Counts {
  start: number;
  end: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What can be looked back over: how long it is, by which buckets it is asked for, and how long a bar is, also of a small one. */
export const RANGES = {
  "1h": { length: HOUR, bucket: "minute", step: MINUTE, spark: 2 * MINUTE },
  "24h": { length: 24 * HOUR, bucket: "hour", step: HOUR, spark: HOUR },
  "7d": { length: 7 * 24 * HOUR, bucket: "hour", step: 3 * HOUR, spark: 6 * HOUR },
} as const;
export type Range = keyof typeof RANGES;

export function isRange(text: string | null): text is Range {
  return text !== null && Object.hasOwn(RANGES, text);
}

/** Bars of `step` milliseconds, which begin at its multiples, made of buckets that may be shorter, oldest first. */
export function fold(buckets: Pick<Schemas["TimeBucket"], "start" | Outcome>[], step: number): Bar[] {
  const bars: Bar[] = [];
  for (const bucket of buckets) {
    const start = Math.floor(Date.parse(bucket.start) / step) * step;
    let bar = bars.at(-1);
    if (bar?.start !== start) {
      bar = { start, end: start + step, completed: 0, failed: 0, cancelled: 0, skipped: 0 };
      bars.push(bar);
    }
    for (const outcome of OUTCOMES) bar[outcome] += bucket[outcome];
  }
  return bars;
}

/** The most that waited in each span of `step` milliseconds. */
export function deepest(buckets: Pick<Schemas["TimeBucket"], "start" | "depth">[], step: number): number[] {
  const depths = new Map<number, number>();
  for (const { start, depth } of buckets) {
    const span = Math.floor(Date.parse(start) / step);
    depths.set(span, Math.max(depth, depths.get(span) ?? 0));
  }
  return [...depths.values()];
}

export function total(counts: Counts): number {
  return OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}

export function sum(bars: readonly Bar[]): Counts {
  const of = (outcome: Outcome) => bars.reduce((sum, bar) => sum + bar[outcome], 0);
  return { completed: of("completed"), failed: of("failed"), cancelled: of("cancelled"), skipped: of("skipped") };
}

/** The chart's columns: the bars' middles in seconds, then the heights up to each outcome, the highest first, since
 * what is drawn later stands before what was drawn earlier. */
export function columns(bars: readonly Bar[]): number[][] {
  const middles = bars.map((bar) => (bar.start + bar.end) / 2_000);
  const heights = OUTCOMES.map((_, place) =>
    bars.map((bar) => OUTCOMES.slice(0, place + 1).reduce((height, outcome) => height + bar[outcome], 0)),
  );
  return [middles, ...heights.reverse()];
}

/** The outcome that stands at a height of a bar; null above it. */
export function outcomeAt(bar: Counts, height: number): Outcome | null {
  let top = 0;
  for (const outcome of OUTCOMES) {
    top += bar[outcome];
    if (height < top) return outcome;
  }
  return null;
}

/** Where the runs that ended in a span, or those of them that ended so, are listed. */
export function runsOf(span: { start: number; end: number }, outcome: Outcome | null): string {
  const search = new URLSearchParams(outcome === null ? [] : [["status", outcome]]);
  search.set("finished_after", new Date(span.start).toISOString());
  search.set("finished_before", new Date(span.end).toISOString());
  return `/runs?${search}`;
}
