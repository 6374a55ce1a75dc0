import { expect, test } from "vitest";
import type { LogEntry } from "../../../api/client";
import { firstError, type Line, lineOf, marked, matches, narrowed, partsOf } from "./lines";

const ENTRY: LogEntry = { seq: 7, attempt: 1, at: "", stream: "log", level: "info", message: "", fields: null };

function lines(...said: Partial<LogEntry>[]): Line[] {
  return said.map((each, place) => lineOf({ ...ENTRY, ...each }, place + 1));
}

test("a line's text has its fields and not its colours", () => {
  const [line] = lines({ message: "\u001b[31mcharged\u001b[0m", fields: { order: 17, by: "card", on: [1] } });
  expect(line?.text).toBe("charged order=17 by=card on=[1]");
  expect(line && partsOf(line)).toEqual([
    { text: "charged", classes: "ansi-1" },
    { text: " order=17 by=card on=[1]", classes: "dim" },
  ]);
});

test("a level lets those through that matter as much or more, an attempt its own", () => {
  const all = lines({ level: "debug" }, { level: "warning" }, { level: "error", attempt: 2 });
  expect(narrowed(all, null, null)).toBe(all);
  expect(narrowed(all, null, "warning").map(({ number }) => number)).toEqual([2, 3]);
  expect(narrowed(all, 1, "warning").map(({ number }) => number)).toEqual([2]);
});

test("what is looked for is found in either case, colours or not", () => {
  const all = lines({ message: "Disk \u001b[1mFULL\u001b[0m" }, { message: "fine" }, { message: "disk full again" });
  expect(matches(all, "disk full")).toEqual([0, 2]);
  expect(matches(all, "")).toEqual([]);
  expect(marked("a Bc b", "b")).toEqual(["a ", "B", "c ", "b", ""]);
  expect(marked("İb", "b")).toEqual(["İb"]);
});

test("the place of an error is its line, else what came on standard error, else the last words", () => {
  const quiet = lines({ message: "a" }, { message: "b" });
  expect(firstError(quiet)?.message).toBe("b");
  const program = lines({ message: "out", stream: "stdout" }, { message: "err", stream: "stderr", level: "warning" });
  expect(firstError([...program, ...lines({ message: "bye" })])?.message).toBe("err");
  const handler = lines({ message: "cut", stream: "system", level: "error" }, { message: "no", level: "error" });
  expect(firstError(handler)?.message).toBe("no");
  expect(firstError([])).toBeUndefined();
});
