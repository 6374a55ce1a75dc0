import { expect, test } from "vitest";
import { atWorkSince, duration, moment } from "./time";

test.each([
  [0, "0 ms"],
  [340, "340 ms"],
  [12_340, "12.3 s"],
  [245_000, "4 min 5 s"],
  [7_380_000, "2 h 3 min"],
  [435_600_000, "5 d 1 h"],
  [3_600_000, "1 h"],
])("%d ms are %s", (ms, said) => {
  expect(duration(ms, "en")).toBe(said);
});

test.each([
  ["2026-11-22T18:30:05Z", "UTC", "18:30:05"],
  ["2026-11-22T18:30:05Z", "Asia/Jakarta", "23 Nov, 01:30:05"],
  ["2026-11-21T18:30:05Z", "UTC", "21 Nov, 18:30:05"],
  ["2025-12-31T18:30:05Z", "Asia/Jakarta", "1 Jan, 01:30:05"],
  ["2025-12-31T10:30:05Z", "Asia/Jakarta", "31 Dec 2025, 17:30:05"],
])("%s in %s is %s to who looks on a day in November", (at, zone, said) => {
  expect(moment(new Date(at), "en-GB", zone, new Date("2026-11-22T10:00:00Z"))).toBe(said);
});

test.each([
  [340, "340 ms"],
  [12_340, "12,3 dtk"],
  [435_600_000, "5 hari 1 jam"],
])("%d ms are %s in Indonesian", (ms, said) => {
  expect(duration(ms, "id")).toBe(said);
});

test("a run that waits for another try is not at work", () => {
  const [started_at, finished_at] = ["2026-07-01T10:00:00Z", "2026-07-01T10:00:05Z"];
  expect(atWorkSince({ status: "scheduled", started_at, finished_at: null })).toBeNull();
  expect(atWorkSince({ status: "running", started_at, finished_at: null })).toBe(started_at);
  expect(atWorkSince({ status: "failed", started_at, finished_at })).toBe(started_at);
});
