import { expect, test } from "vitest";
import { changes } from "./changes";

test("what is alike is left out, however deep the rest", () => {
  const before = { name: "a", schedule: { cron: "0 2 * * *", zone: "UTC" }, tags: ["x", "y"] };
  const after = { name: "a", schedule: { cron: "0 3 * * *", zone: "UTC" }, tags: ["x", "z"] };
  expect(changes(before, after)).toEqual([
    { path: "schedule.cron", before: "0 2 * * *", after: "0 3 * * *" },
    { path: "tags.1", before: "y", after: "z" },
  ]);
});

test("what was made or removed has one side alone", () => {
  expect(changes(null, { a: 1 })).toEqual([{ path: "a", before: undefined, after: 1 }]);
  expect(changes({ a: { b: true } }, null)).toEqual([{ path: "a.b", before: true, after: undefined }]);
});

test("a leaf may become a tree, and an empty tree is told too", () => {
  expect(changes({ a: 1 }, { a: { b: 2 } })).toEqual([{ path: "a.b", before: undefined, after: 2 }]);
  expect(changes({ a: {} }, { a: [] })).toEqual([{ path: "a", before: {}, after: [] }]);
  expect(changes({ a: null }, { a: null })).toEqual([]);
  expect(changes(null, null)).toEqual([]);
});
