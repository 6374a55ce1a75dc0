import { expect, test } from "vitest";
import { layersOf } from "./layers";

const edge = (upstream: string, downstream: string) => ({ upstream, downstream });

test("a job stands to the right of all that it hangs on", () => {
  expect(layersOf(["c", "a", "b", "d"], [edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("d", "c")])).toEqual([
    ["a", "d"],
    ["b"],
    ["c"],
  ]);
  expect(layersOf(["a"], [])).toEqual([["a"]]);
});

test("what goes in a circle ends all the same", () => {
  expect(
    layersOf(["a", "b"], [edge("a", "b"), edge("b", "a")])
      .flat()
      .sort(),
  ).toEqual(["a", "b"]);
});
