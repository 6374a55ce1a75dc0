import { expect, test } from "vitest";
import { jsonText, parseJson } from "./json";

test.each([
  '{"id":12345678901234567890,"small":1,"list":[-9007199254740993,0.5,1e+30]}',
  '["9007199254740993","a \\"9007199254740993\\" b",9007199254740993]',
  "[0.12345678901234568,9007199254740991,-9007199254740991]",
  '{"9007199254740993":null,"\\\\":[true,false,{}]}',
  "9007199254740993",
])("%s is written as it was read", (text) => {
  expect(jsonText(parseJson(text))).toBe(text);
});

test("a long whole number is a bigint, and what a browser can hold is a number", () => {
  expect(parseJson("[9007199254740993, 9007199254740991, 1234567890123456.5]")).toEqual([
    9007199254740993n,
    9007199254740991,
    1234567890123456.5,
  ]);
});

test("long texts are read too, and what is no JSON is refused", () => {
  const text = jsonText({ log: 'a "quoted\\" line\n'.repeat(200_000), id: 9007199254740993n });
  expect(jsonText(parseJson(text))).toBe(text);
  expect(() => parseJson('{"id": 9007199254740993')).toThrow(SyntaxError);
  expect(() => parseJson("00009007199254740993")).toThrow(SyntaxError);
});

test("what is written is moved in like any JSON", () => {
  expect(jsonText({ a: [1n] }, 2)).toBe('{\n  "a": [\n    1\n  ]\n}');
});
