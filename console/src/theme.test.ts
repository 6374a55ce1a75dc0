import { expect, test } from "vitest";
import css from "./base.css?raw";
import { COLOURS } from "./theme";

type Side = keyof typeof COLOURS;
const SIDES = ["light", "dark"] as const;

/** Status by colour: what `base.css` must say in both themes. */
const STATUS: Record<string, readonly [string, string]> = {
  queued: ["#334155", "#cbd5e1"],
  running: ["#2f54eb", "#3b82f6"],
  retrying: ["#a15c00", "#fbbf24"],
  completed: ["#007a5e", "#56d364"],
  failed: ["#9b1c31", "#f4511e"],
  approval: ["#8a4b9e", "#c99ae0"],
  rest: ["#595959", "#a8a8a8"],
};

function named(side: Side): Record<string, string> {
  const block = css.slice(css.indexOf(side === "light" ? ":root" : '[data-theme="dark"]'));
  return Object.fromEntries(
    [...block.slice(0, block.indexOf("}")).matchAll(/--([\w-]+): (#\w+);/g)].map((m) => m.slice(1, 3)),
  );
}

function contrast(one: string, other: string): number {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** As WCAG 2 defines it. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test.each(SIDES)("AntD has the %s colours of the styles", (side) => {
  expect(named(side)).toMatchObject(COLOURS[side]);
});

test.each(
  SIDES.flatMap((side, at) =>
    Object.entries(STATUS).map(([status, colours]) => [side, status, colours[at] ?? ""] as const),
  ),
)("%s: %s is %s, and stands out", (side, status, colour) => {
  const { [status]: said, ground = "", raised = "" } = named(side);
  expect(said).toBe(colour);
  expect(contrast(colour, ground)).toBeGreaterThanOrEqual(5);
  expect(contrast(colour, raised)).toBeGreaterThanOrEqual(4.5);
});

test.each(SIDES)("%s: words stand out on every ground", (side) => {
  const { ground = "", raised = "", hover = "", ink = "", faint = "", accent = "" } = named(side);
  for (const word of [ink, faint, accent])
    for (const behind of [ground, raised, hover]) expect(contrast(word, behind)).toBeGreaterThanOrEqual(4.5);
});
