import { expect, test } from "vitest";
import { p95 } from "./figures";

const run = (ms: number | null) => ({
  started_at: ms === null ? null : new Date(0).toISOString(),
  finished_at: new Date(ms ?? 0).toISOString(),
});

test("95 of 100 runs took no longer than the 95th percentile", () => {
  expect(p95(Array.from({ length: 100 }, (_, index) => run(100 - index)))).toBe(95);
  expect(p95([run(7)])).toBe(7);
  expect(p95([run(null)])).toBeUndefined();
  expect(p95([])).toBeUndefined();
});
