import { expect, test } from "vitest";
import { compareLines, foldLines } from "./lines";

const said = (before: string, after: string) => compareLines(before, after).map(({ sign, text }) => sign + text);

test("lines are kept, taken out and added, as few as can be", () => {
  expect(said("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n")).toEqual([" a", "-b", "+x", " c", " d", "+e"]);
  expect(said("a\nb\n", "a\nb\n")).toEqual([" a", " b"]);
  expect(said("", "a\n")).toEqual(["+a"]);
  expect(said("a", "")).toEqual(["-a"]);
  expect(said("a\nb\na\n", "b\na\nb\n")).toEqual(["-a", " b", " a", "+b"]);
});

test("what is compared makes both texts", () => {
  const before = "k: 1\nl:\n  - a\n  - b\nm: 2\n";
  const after = "k: 1\nl:\n  - b\n  - c\nn: 2\nm: 3\n";
  const lines = compareLines(before, after);
  const side = (sign: string) =>
    lines
      .filter((line) => line.sign !== sign)
      .map((line) => `${line.text}\n`)
      .join("");
  expect([side("+"), side("-")]).toEqual([before, after]);
});

test("far from a change lines are told by how many they are", () => {
  const text = Array.from({ length: 20 }, (_, line) => `${line}\n`);
  const lines = compareLines(text.join(""), text.toSpliced(10, 1, "x\n").join(""));
  const folded = foldLines(lines, 1);
  expect(folded).toEqual([
    { folded: 9 },
    { sign: " ", text: "9" },
    { sign: "-", text: "10" },
    { sign: "+", text: "x" },
    { sign: " ", text: "11" },
    { folded: 8 },
  ]);
});
