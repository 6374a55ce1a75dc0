/** A run's life as a bar: each span as long as it took, and never too short to be seen or hit. */

import type { Schemas } from "../../api/client";

export type Span = Schemas["Span"];

export interface Placed {
  span: Span;
  /** From the left, and how wide, in the units of the whole. */
  x: number;
  width: number;
  ms: number;
}

/** Spans side by side on a bar of some width; one that goes on lasts until now. */
export function placed(spans: readonly Span[], now: number, whole: number, least: number): Placed[] {
  const lengths = spans.map(({ start, end }) => Math.max(0, (end ? Date.parse(end) : now) - Date.parse(start)));
  const widths = shares(lengths, whole, Math.min(least, whole / Math.max(1, spans.length)));
  let x = 0;
  return spans.map((span, place) => {
    const width = widths[place] ?? 0;
    x += width;
    return { span, x: x - width, width, ms: lengths[place] ?? 0 };
  });
}

/** A whole divided by lengths, of which none gets less than the least: what these take, the longer ones give. */
function shares(lengths: readonly number[], whole: number, least: number): number[] {
  const short = new Set<number>();
  for (;;) {
    const left = whole - short.size * least;
    const sum = lengths.reduce((sum, length, place) => (short.has(place) ? sum : sum + length), 0);
    const width = (place: number) =>
      sum > 0 ? ((lengths[place] ?? 0) * left) / sum : left / (lengths.length - short.size);
    const tiny = lengths.findIndex((_, place) => !short.has(place) && width(place) < least);
    if (tiny < 0) return lengths.map((_, place) => (short.has(place) ? least : width(place)));
    short.add(tiny);
  }
}
