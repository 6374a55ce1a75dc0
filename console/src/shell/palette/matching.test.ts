import { expect, test } from "vitest";
import { fits, runIn } from "./matching";

test.each([
  ["", "Runs", true],
  ["RUN", "Runs", true],
  ["dark th", "Theme: Dark", true],
  ["night rep", "nightly-report", true],
  ["report x", "nightly-report", false],
])("%j means %s: %s", (text, label, means) => {
  expect(fits(text, label)).toBe(means);
});

test("a run is known by its whole id alone", () => {
  const id = `run_${"0a".repeat(16)}`;
  expect(runIn(id)).toBe(id);
  expect(runIn(id.slice(0, -1))).toBeNull();
  expect(runIn("run_../../x")).toBeNull();
});
