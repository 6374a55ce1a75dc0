import { expect, test } from "vitest";
import { BLOCK, between, offsets, ROW, rowsOf } from "./window";

test("blocks stand one below the other, the last as high as what is left", () => {
  expect(offsets([])).toEqual([0]);
  expect(offsets(Array(BLOCK + 1).fill(1))).toEqual([0, BLOCK * ROW, (BLOCK + 1) * ROW]);
  expect(offsets([1, 3])).toEqual([0, 4 * ROW]);
});

test("of a hundred thousand lines those on the screen are shown, wherever it stands", () => {
  const tops = offsets(Array(100_000).fill(1));
  expect(between(tops, 0, 500)).toEqual({ first: 0, last: 2 });
  expect(between(tops, 50_000 * ROW, 50_000 * ROW + 500)).toEqual({ first: 2000, last: 2002 });
  expect(between(tops, 1e9, 2e9)).toEqual({ first: 3999, last: 4000 });
  expect(between(offsets([]), 0, 500)).toEqual({ first: 0, last: 0 });
});

test("a long line takes the rows that it needs", () => {
  expect([rowsOf("", 80), rowsOf("x".repeat(80), 80), rowsOf("x".repeat(81), 80)]).toEqual([1, 1, 2]);
  expect([rowsOf("x".repeat(500), null), rowsOf("\t".repeat(11), 80)]).toEqual([1, 2]);
});
