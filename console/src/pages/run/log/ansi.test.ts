import { expect, test } from "vitest";
import { nearest, plain, segments } from "./ansi";

const E = "\u001b[";

test.each([
  ["plain", [["plain", ""]]],
  [
    `${E}31mred${E}0m rest`,
    [
      ["red", "ansi-1"],
      [" rest", ""],
    ],
  ],
  [
    `${E}01;32mok${E}22m thin${E}m`,
    [
      ["ok", "ansi-2 bold"],
      [" thin", "ansi-2"],
    ],
  ],
  [
    `${E}93mbright${E}39mnone`,
    [
      ["bright", "ansi-11"],
      ["none", ""],
    ],
  ],
  [
    `${E}38;5;208mdeep${E}38;5;240mgrey`,
    [
      ["deep", "ansi-11"],
      ["grey", "ansi-8"],
    ],
  ],
  [`${E}38;2;10;200;10;1mboth`, [["both", "ansi-2 bold"]]],
  [
    `${E}41;37mon red${E}49;7mturned`,
    [
      ["on red", "ansi-on ansi-1"],
      ["turned", "ansi-7 reverse"],
    ],
  ],
  [`${E}mx${E}31m`, [["x", ""]]],
])("%j is read as a terminal reads it", (message, told) => {
  expect(segments(message).map(({ text, classes }) => [text, classes])).toEqual(told);
  expect(
    segments(message)
      .map(({ text }) => text)
      .join(""),
  ).toBe(plain(message));
});

test("any colour becomes one of sixteen, by its hue", () => {
  expect([nearest(255, 0, 0), nearest(255, 255, 0), nearest(0, 128, 0)]).toEqual([9, 11, 2]);
  expect([nearest(0, 255, 255), nearest(0, 0, 150), nearest(200, 0, 200)]).toEqual([14, 4, 5]);
  expect([nearest(0, 0, 0), nearest(128, 128, 128), nearest(250, 250, 250)]).toEqual([0, 8, 15]);
});
