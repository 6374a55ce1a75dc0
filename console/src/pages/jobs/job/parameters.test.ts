import { expect, test } from "vitest";
import { changedInputs, parametersOf, typed } from "./parameters";

const job = {
  inputs: { region: "java", rest: { a: [1] } },
  inputs_schema: {
    properties: {
      region: { type: "string", description: "where" },
      count: { type: "integer", default: 3 },
      day: { type: "string" },
      mode: { enum: ["fast", "slow"] },
      dry: { type: "boolean" },
    },
    required: ["day", "region"],
  },
} as never;

test("a run is asked for what the schema names, and for what the job has beside it", () => {
  const parameters = parametersOf(job);
  expect(parameters.map(({ name, kind }) => [name, kind])).toEqual([
    ["region", "text"],
    ["count", "number"],
    ["day", "text"],
    ["mode", "choice"],
    ["dry", "switch"],
    ["rest", "json"],
  ]);
  expect(parameters.filter(({ required }) => required).map(({ name }) => name)).toEqual(["day"]);
  expect(parameters.map((each) => typed(each, each.standing))).toEqual(["java", "3", "", "", "", '{"a":[1]}']);
});

test("only what was changed is sent, as what it is", () => {
  const parameters = parametersOf(job);
  const texts = { region: "java", count: "4", day: "2026-11-05", mode: '"slow"', dry: "true", rest: '{"a":[1]}' };
  expect(changedInputs(parameters, texts)).toEqual({ count: 4, day: "2026-11-05", mode: "slow", dry: true });
  expect(changedInputs(parameters, { region: "" })).toEqual({ region: "" });
  expect(() => changedInputs(parameters, { count: "four" })).toThrow(SyntaxError);
});

test("a number of any length is sent as it was typed", () => {
  const parameters = parametersOf({ inputs: { id: 9007199254740993n }, inputs_schema: null } as never);
  expect(parameters.map((each) => [each.kind, typed(each, each.standing)])).toEqual([["number", "9007199254740993"]]);
  expect(changedInputs(parameters, { id: "9007199254740995" })).toEqual({ id: 9007199254740995n });
});
