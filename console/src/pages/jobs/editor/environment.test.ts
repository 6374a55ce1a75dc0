import { expect, test } from "vitest";
import { Draft } from "./document";
import { environmentOf, hasOnlyLines, readEnvironment, writeEnvironment } from "./environment";

test("variables are lines, and what no line can say is told apart", () => {
  const environment = { TARGET: "/srv/backup", QUERY: "a=b", EMPTY: "" };
  expect(readEnvironment(writeEnvironment(environment))).toEqual(environment);
  expect([readEnvironment("TARGET"), readEnvironment("=x"), readEnvironment("A=1\nA=2")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(environmentOf(new Draft("executor: {env: {PORT: 8080}}\n"))).toEqual({ PORT: "8080" });
  expect([hasOnlyLines({ A: "1" }), hasOnlyLines({ A: "1\n2" })]).toEqual([true, false]);
});
