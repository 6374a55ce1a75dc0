import { expect, test } from "vitest";
import { isFiltered, question, wanted } from "./model";

const told = (address: string) => {
  const search = new URLSearchParams(address);
  return wanted((name) => search.get(name) ?? "");
};
const NOW = Date.parse("2026-11-05T12:00:00Z");

test.each([
  ["", { status: ["open"] }],
  ["status=all", {}],
  ["status=nonsense", { status: ["open"] }],
  ["status=resolved&job=a&error=KeyError", { status: ["resolved"], job: ["a"], error: ["KeyError"] }],
  ["range=24h", { status: ["open"], failed_after: "2026-11-04T12:00:00.000Z" }],
  ["range=99y", { status: ["open"] }],
])("%s asks for what it says", (address, asked) => {
  expect(question(told(address), NOW)).toEqual(asked);
});

test("what is shown at first, and all there is, are no filters", () => {
  expect([isFiltered(told("")), isFiltered(told("status=all"))]).toEqual([false, false]);
  expect([isFiltered(told("status=snoozed")), isFiltered(told("job=a"))]).toEqual([true, true]);
});
