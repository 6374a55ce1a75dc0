import { expect, test } from "vitest";
import { placed, type Span } from "./timeline";

const at = (second: number) => new Date(second * 1000).toISOString();
const span = (start: number, end: number | null): Span => ({
  kind: "running",
  start: at(start),
  end: end === null ? null : at(end),
  attempt: 1,
  outcome: null,
  about: false,
});

test("spans share the bar by how long they took", () => {
  const all = placed([span(0, 10), span(10, 40)], 0, 400, 4);
  expect(all.map(({ x, width, ms }) => [x, width, ms])).toEqual([
    [0, 100, 10_000],
    [100, 300, 30_000],
  ]);
});

test("the shortest can be seen beside the longest, and all fit", () => {
  const all = placed([span(0, 0.01), span(0.01, 86_400), span(86_400, 86_400.02)], 0, 100, 6);
  expect(all.map(({ width }) => Math.round(width))).toEqual([6, 88, 6]);
});

test("what goes on lasts until now, also where it has just begun", () => {
  expect(placed([span(0, 5), span(5, null)], 10_000, 100, 4)[1]?.width).toBe(50);
  expect(placed([span(5, null)], 5_000, 100, 4)[0]?.width).toBe(100);
  expect(placed([], 0, 100, 4)).toEqual([]);
});
