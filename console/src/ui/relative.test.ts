import { expect, test } from "vitest";
import { relative } from "./relative";

test.each([
  [12_400, "in 12 seconds", "dalam 12 detik"],
  [400, "now", "sekarang"],
  [-400, "now", "sekarang"],
  [90_000, "in 1 minute", "dalam 1 menit"],
  [-7_300_000, "2 hours ago", "2 jam yang lalu"],
  [86_400_000, "in 1 day", "dalam 1 hari"],
])("%d ms from now are %s, %s", (ms, english, indonesian) => {
  expect(relative(ms, "en")).toBe(english);
  expect(relative(ms, "id")).toBe(indonesian);
});
