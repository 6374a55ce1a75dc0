import { expect, test } from "vitest";
import { may } from "./session";

test("a scope includes those before it and none beyond", () => {
  expect(may(["operate"], "read")).toBe(true);
  expect(may(["operate"], "operate")).toBe(true);
  expect(may(["operate"], "write")).toBe(false);
  expect(may(["read", "admin"], "write")).toBe(true);
  expect(may([], "read")).toBe(false);
});
