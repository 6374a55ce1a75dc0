import { expect, test } from "vitest";
import { wall } from "./schedule";

test("seconds are told where there are any", () => {
  expect(wall("2026-03-29T01:00:10Z", "UTC", "en-GB")).toBe("Sun, 29 Mar 2026, 01:00:10 GMT+0");
});

test("a moment is told as the clocks of its zone show it, with their offset of that day", () => {
  expect(wall("2026-03-29T01:00:00Z", "Europe/Berlin", "en-GB")).toBe("Sun, 29 Mar 2026, 03:00 GMT+2");
  expect(wall("2026-03-28T01:00:00Z", "Europe/Berlin", "id")).toBe("Sab, 28 Mar 2026, 02.00 GMT+1");
});
