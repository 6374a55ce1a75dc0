import { expect, test } from "vitest";
import { Draft } from "./document";
import { UNIQUES, uniqueOf, withUnique, withUniqueKey } from "./uniqueness";

test("a run is unique until something, with a key or without one", () => {
  expect(uniqueOf(new Draft("unique: {}\n"))).toBe("finished");
  expect(uniqueOf(new Draft("unique: {until: 60}\n"))).toBe("seconds");
  for (const until of UNIQUES)
    expect(uniqueOf(new Draft(withUnique(new Draft("unique: {until: started}\n"), until)))).toBe(until);
  expect(withUnique(new Draft("name: a\nunique: {key: x, until: 60}\n"), "off")).toBe("name: a\n");
  const keyed = withUniqueKey(new Draft("unique: {}\n"), "{account}");
  expect(new Draft(keyed).get(["unique", "key"])).toBe("{account}");
  expect(withUniqueKey(new Draft(keyed), "")).toBe("unique: { until: finished }\n");
});
