import { expect, test } from "vitest";
import {
  chipsOf,
  cursorOf,
  filtersOf,
  newer,
  older,
  wantedOf,
  withFilter,
  withOwn,
  withoutChip,
  withPeriod,
} from "./filters";

const FULL =
  "status=failed&status=running&job=a+b&where=customer.id%3D42&q=night&dead_letters=true&cursor=c&action=blk_1";

test("the address and the filters say the same", () => {
  const filters = filtersOf(new URLSearchParams(FULL));
  expect(wantedOf(filters)).toEqual({
    status: ["failed", "running"],
    job: ["a b"],
    where: ["customer.id=42"],
    q: "night",
    dead_letters: true,
  });
  expect(`${filters}&cursor=c&action=blk_1`).toBe(FULL);
});

test("what the API does not know goes to it all the same, to be refused by name", () => {
  expect(wantedOf(new URLSearchParams("stauts=failed&dead_letters=maybe"))).toEqual({
    stauts: "failed",
    dead_letters: "maybe",
  });
});

test("another filter begins at the first page with nothing selected; what is under way stays in sight", () => {
  const changed = withFilter(new URLSearchParams("cursor=c&selection=sel_1&act=retry&action=blk_1"), "job", ["a", "b"]);
  expect(changed.toString()).toBe("action=blk_1&job=a&job=b");
});

test("each value has a chip, which takes away that value alone", () => {
  const search = new URLSearchParams(
    "status=failed&status=running&created_after=2026-11-22T00:00:00Z&finished_before=2026-11-23T00:00:00Z",
  );
  expect(chipsOf(search)).toEqual([
    { name: "status", value: "failed" },
    { name: "status", value: "running" },
  ]);
  expect(withoutChip(search, { name: "status", value: "failed" }).getAll("status")).toEqual(["running"]);
});

test("a period takes the place of the one before it, and leaves the other kind alone", () => {
  const search = new URLSearchParams("created_after=a&created_before=b&finished_after=c&cursor=1");
  expect(withPeriod(search, "created", "d", null).toString()).toBe("finished_after=c&created_after=d");
  expect(withPeriod(search, "finished", null, null).toString()).toBe("created_after=a&created_before=b");
});

test("pages are gone through and back, for a number of steps that an address can hold", () => {
  let search = new URLSearchParams("job=a");
  expect(cursorOf(search)).toBeNull();
  for (const cursor of ["1", "2"]) search = older(search, cursor);
  expect(cursorOf(search)).toBe("2");
  expect(cursorOf(newer(search))).toBe("1");
  expect(newer(newer(search)).toString()).toBe("job=a");
  for (let page = 3; page < 100; page++) search = older(search, `${page}`);
  expect(search.getAll("cursor")).toHaveLength(10);
});

test("what is the page's own comes and goes without touching the filters", () => {
  const search = withOwn(new URLSearchParams("job=a"), { selection: "sel_1", act: "cancel" });
  expect(search.toString()).toBe("job=a&selection=sel_1&act=cancel");
  expect(withOwn(search, { selection: null, act: null }).toString()).toBe("job=a");
});
