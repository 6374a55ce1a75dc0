import { expect, test } from "vitest";
import { isZone, OF_BROWSER, zoneOf, zones } from "./zone";

test.each([OF_BROWSER, "UTC", "Asia/Jakarta", "America/New_York"])("%s can be chosen", (zone) => {
  expect(isZone(zone)).toBe(true);
});

test.each([null, "", "Nowhere/Town", "<b>"])("%s is no zone", (zone) => {
  expect(isZone(zone)).toBe(false);
});

test("the browser's zone has a name, and every zone on offer can be chosen", () => {
  expect(isZone(zoneOf(OF_BROWSER))).toBe(true);
  expect(zoneOf("Asia/Jakarta")).toBe("Asia/Jakarta");
  expect(zones()).toContain("UTC");
  expect(zones().every(isZone)).toBe(true);
});
