import { expect, test } from "vitest";
import { read, removed, renamed, saved, type View } from "./views";

const NIGHT: View = { name: "night", search: "job=night" };
const DAY: View = { name: "day", search: "job=day" };

test("views are kept in the order of their names, one of each", () => {
  expect(saved([NIGHT], DAY)).toEqual([DAY, NIGHT]);
  expect(saved([NIGHT], { name: "night", search: "q=x" })).toEqual([{ name: "night", search: "q=x" }]);
});

test("they are renamed, over another too, and removed", () => {
  expect(renamed([DAY, NIGHT], "night", "dawn")).toEqual([{ name: "dawn", search: "job=night" }, DAY]);
  expect(renamed([DAY, NIGHT], "night", "day")).toEqual([{ name: "day", search: "job=night" }]);
  expect(renamed([DAY], "gone", "x")).toEqual([DAY]);
  expect(removed([DAY, NIGHT], "day")).toEqual([NIGHT]);
});

test("what is kept and is no view counts as nothing", () => {
  expect(read(null)).toEqual([]);
  expect(read("{broken")).toEqual([]);
  expect(read('{"name":"a"}')).toEqual([]);
  expect(read(JSON.stringify([NIGHT, 1, { name: "x" }, null]))).toEqual([NIGHT]);
});
