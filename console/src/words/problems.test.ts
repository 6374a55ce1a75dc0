import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROBLEMS } from "./problems";

/** What the web's framework refuses by itself, and what nobody has foreseen. */
const BESIDE = ["internal_error", "method_not_allowed", "unsupported_media_type"];

test("every problem that the API may tell has words", () => {
  const errors = readFileSync("../src/treadle/domain/errors.py", "utf8");
  const codes = [...errors.matchAll(/^ {4}code = "(\w+)"/gm)].map(([, code]) => code ?? "");
  expect(codes.length).toBeGreaterThan(15);
  expect(Object.keys(PROBLEMS.id)).toEqual([...new Set([...codes, ...BESIDE])].sort());
});
