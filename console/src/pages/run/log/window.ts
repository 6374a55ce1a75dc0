/** Which of many lines stand on the screen: they are put there in blocks, and the rest is empty space of their height. */

export const BLOCK = 25;
export const ROW = 18;

/** Where each block begins, in pixels, and at the end how high all are together. */
export function offsets(rows: readonly number[]): number[] {
  const tops = [0];
  for (let from = 0; from < rows.length; from += BLOCK) {
    let height = 0;
    for (let at = from; at < Math.min(from + BLOCK, rows.length); at++) height += (rows[at] ?? 1) * ROW;
    tops.push((tops.at(-1) ?? 0) + height);
  }
  return tops;
}

/** How many rows a text takes where `columns` characters of one width fit on each; null where lines do not wrap. */
export function rowsOf(text: string, columns: number | null): number {
  if (columns === null || text.length === 0) return 1;
  const wide = text.includes("\t") ? text.length + 7 * (text.split("\t").length - 1) : text.length;
  return Math.max(1, Math.ceil(wide / columns));
}

/** The blocks from `first` up to `last` (not included) that lie between two heights. */
export function between(tops: readonly number[], from: number, to: number): { first: number; last: number } {
  const count = tops.length - 1;
  const first = Math.max(0, Math.min(blockAt(tops, from), count - 1));
  return { first, last: Math.min(blockAt(tops, to) + 1, count) };
}

/** The block that holds a height. */
function blockAt(tops: readonly number[], height: number): number {
  let low = 0;
  let high = tops.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= height) low = middle;
    else high = middle - 1;
  }
  return low;
}
