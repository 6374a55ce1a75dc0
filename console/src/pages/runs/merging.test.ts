import { expect, test } from "vitest";
import type { Run, State } from "../../api/client";
import { newcomers, type RunPage, renewed, shown } from "./merging";

const run = (run_id: string, status: State = "ready") => ({ run_id, status }) as Run;
const page = (ids: string, next: string | null = null): RunPage => ({
  items: [...ids].map((id) => run(id)),
  next_cursor: next,
  has_more: next !== null,
});

test("rows keep their places while what they say changes", () => {
  const standing = shown(page("dcb", "b"));
  const now = renewed(standing, [run("c", "completed"), run("d", "running")], null);
  expect(now.runs.map((each) => [each.run_id, each.status])).toEqual([
    ["d", "running"],
    ["c", "completed"],
    ["b", "ready"],
  ]);
  expect(now.next).toBe("b");
});

test("what is new waits, and is counted", () => {
  const now = renewed(shown(page("dcb", "b")), [], page("fed", "d"));
  expect(now.runs.map((each) => each.run_id).join("")).toBe("dcb");
  expect(newcomers(now)).toEqual({ count: 2, more: false });
});

test("where all of the newest page is new there may be more", () => {
  expect(newcomers(renewed(shown(page("cb", "b")), [], page("fe", "e")))).toEqual({ count: 2, more: true });
});

test("what only moves up from the next page is not new", () => {
  expect(newcomers(renewed(shown(page("dcb", "b")), [], page("cba", "a")))).toEqual({ count: 0, more: false });
});

test("what begins to match below the last row of a list that has no further page is new", () => {
  expect(newcomers(renewed(shown(page("dc")), [], page("dca")))).toEqual({ count: 1, more: false });
});
