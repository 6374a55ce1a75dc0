import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WHY } from "./words";

const DOMAIN = "../src/treadle/domain";
/** What is said of runs that do not wait. */
const OTHERS = ["running", "cancel_requested", "worker_lost"];

test("whatever the server says holds a run back is said in both languages", () => {
  const sources = ["explain", "nobody"].map((module) => readFileSync(`${DOMAIN}/${module}.py`, "utf8")).join("");
  const codes = [...sources.matchAll(/\bcode="(\w+)"|ReasonCode\.\w+: "(\w+)"/g)].map(
    ([, code, due]) => code ?? due ?? "",
  );
  expect(codes.length).toBeGreaterThan(20);
  const known: string[] = Object.keys(WHY.id);
  expect(codes.filter((code) => !known.includes(code) && !OTHERS.includes(code))).toEqual([]);
});
