import { expect, test } from "vitest";

const SHEETS = import.meta.glob<string>("./**/*.css", { query: "?raw", import: "default", eager: true });

/** Whose a sheet is: an area's of pages, the shell's, or a file's of its own that all of them share. */
function owner(path: string): string {
  return /^\.\/(pages\/\w+|shell)\//.exec(path)?.[1] ?? path;
}

function selectors(css: string): string[] {
  const bare = css.replaceAll(/\/\*.*?\*\//gs, "");
  const heads = [...bare.matchAll(/([^{};]+)\{/g)].map((match) => match[1]?.trim() ?? "");
  return heads.filter((head) => !head.startsWith("@")).flatMap((head) => head.split(/,(?![^(]*\))/));
}

function classes(selector: string): string[] {
  return [...selector.matchAll(/\.([a-z][\w-]*)/g)].map((match) => match[1] ?? "");
}

const RULES = Object.entries(SHEETS).flatMap(([path, css]) =>
  selectors(css).map((selector) => ({ owner: owner(path), selector: selector.trim(), names: classes(selector) })),
);

/** Whether nothing outside of an area says anything of a class. */
function isOwn(name: string, area: string): boolean {
  return RULES.every((rule) => rule.owner === area || !rule.names.includes(name));
}

// A sheet stays once it is loaded: what it says of others' parts would depend on the way by which somebody came.
test("each page styles its own parts only", () => {
  const strayed = RULES.filter(
    ({ owner: area, selector, names }) =>
      area.startsWith("pages/") && !/^(:root|\[)/.test(selector) && !names.some((name) => isOwn(name, area)),
  );
  expect(strayed.map(({ owner: area, selector }) => `${area}: ${selector}`)).toEqual([]);
});
