import { expect, test } from "vitest";
import { fromWall, toWall } from "./wall";

const at = (wall: string, zone: string) => new Date(fromWall(wall, zone) ?? 0).toISOString();

test("a wall time is read by the clock of its zone", () => {
  expect(at("2026-11-05T09:00", "Asia/Jakarta")).toBe("2026-11-05T02:00:00.000Z");
  expect(at("2026-07-01T00:00", "Europe/Berlin")).toBe("2026-06-30T22:00:00.000Z");
  expect(at("2026-01-01T00:00", "Asia/Kolkata")).toBe("2025-12-31T18:30:00.000Z");
  expect(at("2026-07-01T00:00", "America/New_York")).toBe("2026-07-01T04:00:00.000Z");
  expect(fromWall("", "UTC")).toBeNull();
});

test("of a time that comes twice it is the first, and a gap leads behind itself", () => {
  expect(at("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
  expect(at("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
  expect(at("2026-11-01T01:30", "America/New_York")).toBe("2026-11-01T05:30:00.000Z");
  expect(at("2026-03-08T02:30", "America/New_York")).toBe("2026-03-08T07:30:00.000Z");
});

test("it comes back as it was written", () => {
  const instant = Date.parse("2026-11-05T02:00:00Z");
  expect(toWall(instant, "Asia/Jakarta")).toBe("2026-11-05T09:00");
  expect(fromWall(toWall(instant, "America/New_York"), "America/New_York")).toBe(instant);
});
