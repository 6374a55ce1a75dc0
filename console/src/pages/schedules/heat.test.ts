import { expect, test } from "vitest";
import { beside, cellsOf, ended, hoursAt, placeOf, strength, weekdayName } from "./heat";

const HOUR = 3_600_000;

test("a cell has what has ended in its hour and what is to come", () => {
  const past = [{ weekday: 2, hour: 5, completed: 7, failed: 2, cancelled: 1, skipped: 1, success_rate: 0.77 }];
  const cells = cellsOf(past, [{ weekday: 2, hour: 5, fires: 3 }]);
  expect(cells).toHaveLength(168);
  const cell = cells[2 * 24 + 5];
  expect(cell).toEqual({ weekday: 2, hour: 5, completed: 7, failed: 2, other: 2, coming: 3 });
  expect(cell && ended(cell)).toBe(11);
  expect(cells.filter((each) => ended(each) || each.coming)).toHaveLength(1);
});

test("little shows beside much, and nothing shows as nothing", () => {
  expect(strength(0, 10_000)).toBe(0);
  expect(strength(10, 10_000)).toBeGreaterThan(0.3);
  expect(strength(10_000, 10_000)).toBeCloseTo(1);
});

test("arrow keys go round the week", () => {
  expect(beside(0, "ArrowLeft")).toBe(167);
  expect(beside(30, "ArrowDown")).toBe(54);
  expect(beside(150, "ArrowDown")).toBe(6);
  expect(beside(30, "Home")).toBe(24);
  expect(beside(30, "End")).toBe(47);
  expect(beside(30, "x")).toBeNull();
});

test("an instant stands where the clock of its zone shows it", () => {
  const sunday = Date.parse("2026-03-29T00:30:00Z");
  expect(placeOf(sunday, "UTC")).toBe(6 * 24);
  expect(placeOf(sunday + HOUR, "Europe/Berlin")).toBe(6 * 24 + 3); // 02:30 is jumped over
  expect(placeOf(sunday, "Asia/Kolkata")).toBe(6 * 24 + 6);
});

test("the hours of a place are those of the last weeks, newest first", () => {
  const until = Date.parse("2026-11-22T18:30:00Z"); // a Sunday
  expect(hoursAt(6 * 24 + 18, until - 14 * 24 * HOUR, until, "UTC").map((at) => new Date(at).toISOString())).toEqual([
    "2026-11-22T18:00:00.000Z",
    "2026-11-15T18:00:00.000Z",
    "2026-11-08T18:00:00.000Z",
  ]);
});

test("weekdays have names in both languages", () => {
  expect(weekdayName(0, "en", "long")).toBe("Monday");
  expect(weekdayName(6, "id", "long")).toBe("Minggu");
});
