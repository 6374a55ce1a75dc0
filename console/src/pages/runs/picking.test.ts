import { expect, test } from "vitest";
import { extent, NONE, pageToggled, stretched, toggled } from "./picking";

const PAGE = [..."abcdef"];
const ids = (picked: { ids: ReadonlySet<string> }) => [...picked.ids].sort().join("");

test("a row is picked, and let go of", () => {
  const picked = toggled(NONE, "b");
  expect(ids(picked)).toBe("b");
  expect(ids(toggled(picked, "b"))).toBe("");
});

test("a range goes from the row picked last, in either direction, and can be let go of as a whole", () => {
  const down = stretched(toggled(NONE, "b"), PAGE, "d");
  expect(ids(down)).toBe("bcd");
  expect(ids(stretched(down, PAGE, "a"))).toBe("abcd");
  expect(ids(stretched(toggled(down, "c"), PAGE, "d"))).toBe("b");
});

test("a range without a beginning, or with one on another page, is that row", () => {
  expect(ids(stretched(NONE, PAGE, "c"))).toBe("c");
  expect(ids(stretched(toggled(NONE, "z"), PAGE, "c"))).toBe("cz");
});

test("a page is picked as a whole, without what was picked elsewhere being lost", () => {
  const some = toggled(toggled(NONE, "z"), "a");
  expect(extent(some, PAGE)).toBe("some");
  const all = pageToggled(some, PAGE);
  expect([extent(all, PAGE), ids(all)]).toEqual(["all", "abcdefz"]);
  const none = pageToggled(all, PAGE);
  expect([extent(none, PAGE), ids(none)]).toEqual(["none", "z"]);
});
