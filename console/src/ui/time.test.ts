import { expect, test } from "vitest";
import { duration } from "./time";

test.each([
  [0, "0 ms"],
  [340, "340 ms"],
  [12_340, "12.3 s"],
  [245_000, "4 min 5 s"],
  [7_380_000, "2 h 3 min"],
  [435_600_000, "5 d 1 h"],
  [3_600_000, "1 h"],
])("%d ms are %s", (ms, said) => {
  expect(duration(ms)).toBe(said);
});
