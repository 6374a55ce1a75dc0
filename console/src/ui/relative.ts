/** How far a moment lies from now, in the reader's words. */

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** `in 12 seconds`, `3 minutes ago`, `now`: `ms` from now, in the largest unit of which there is a whole one. */
export function relative(ms: number, language: string): string {
  const words = new Intl.RelativeTimeFormat(language, { numeric: Math.abs(ms) < 1_000 ? "auto" : "always" });
  const [unit, length] = UNITS.find(([, length]) => Math.abs(ms) >= length) ?? ["second", 1_000];
  return words.format(Math.trunc(ms / length), unit);
}
