import { expect, test } from "vitest";
import { type Bar, columns, deepest, fold, isRange, outcomeAt, runsOf, sum, total } from "./stack";

const HOUR = 3_600_000;
const NOON = Date.parse("2026-11-22T12:00:00Z");

function bucket(start: string, completed: number, failed = 0) {
  return { start, completed, failed, cancelled: 0, skipped: 1 };
}

const BAR: Bar = { start: NOON, end: NOON + HOUR, completed: 5, failed: 2, cancelled: 0, skipped: 3 };

test("buckets that are as long as a bar stay as they are", () => {
  const bars = fold([bucket("2026-11-22T12:00:00Z", 1), bucket("2026-11-22T13:00:00Z", 2)], HOUR);
  expect(bars.map(({ start, end, completed }) => [start, end, completed])).toEqual([
    [NOON, NOON + HOUR, 1],
    [NOON + HOUR, NOON + 2 * HOUR, 2],
  ]);
});

test("shorter buckets are added up to the bar in which they begin", () => {
  const bars = fold(
    ["11", "12", "13", "14", "15"].map((hour) => bucket(`2026-11-22T${hour}:00:00Z`, 1, Number(hour))),
    3 * HOUR,
  );
  expect(bars.map(({ start }) => new Date(start).getUTCHours())).toEqual([9, 12, 15]);
  expect(bars.map(({ completed, failed, skipped }) => [completed, failed, skipped])).toEqual([
    [1, 11, 1],
    [3, 39, 3],
    [1, 15, 1],
  ]);
});

test("of a span the most that waited in it is told", () => {
  const at = (hour: string, depth: number) => ({ start: `2026-11-22T${hour}:00:00Z`, depth });
  expect(deepest([at("11", 4), at("12", 2), at("13", 7), at("14", 1), at("15", 0)], 3 * HOUR)).toEqual([4, 7, 0]);
});

test("what is drawn first is as high as the whole bar, what is drawn last is the lowest", () => {
  expect(columns([BAR])).toEqual([[(NOON + HOUR / 2) / 1_000], [10], [7], [7], [5]]);
});

test.each([
  [0, "completed"],
  [4.9, "completed"],
  [5, "failed"],
  [6.5, "failed"],
  [7, "skipped"],
  [9.9, "skipped"],
  [10, null],
])("at the height of %d stands %s", (height, outcome) => {
  expect(outcomeAt(BAR, height)).toBe(outcome);
});

test("bars are added up", () => {
  expect(sum([BAR, BAR])).toEqual({ completed: 10, failed: 4, cancelled: 0, skipped: 6 });
  expect(total(BAR)).toBe(10);
});

test("a bar leads to its runs, and a part of it to those that ended so", () => {
  const span = "finished_after=2026-11-22T12%3A00%3A00.000Z&finished_before=2026-11-22T13%3A00%3A00.000Z";
  expect(runsOf(BAR, "failed")).toBe(`/runs?status=failed&${span}`);
  expect(runsOf(BAR, null)).toBe(`/runs?${span}`);
});

test.each([
  ["24h", true],
  ["2h", false],
  ["toString", false],
  [null, false],
])("%s is a range: %s", (text, is) => {
  expect(isRange(text)).toBe(is);
});
