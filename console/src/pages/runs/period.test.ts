import { expect, test } from "vitest";
import { since } from "./period";

test("today begins at midnight where the reader is", () => {
  const now = Date.parse("2026-11-22T18:00:00Z"); // the 23rd in Jakarta
  expect(since("today", "Asia/Jakarta", now)).toBe("2026-11-22T17:00:00.000Z");
  expect(since("today", "UTC", now)).toBe("2026-11-22T00:00:00.000Z");
  expect(since("hour", "UTC", now)).toBe("2026-11-22T17:00:00.000Z");
});
