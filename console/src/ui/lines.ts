/** How one text became another, line by line. */

export interface Line {
  sign: " " | "+" | "-";
  text: string;
}

/** Lines that stay the same, told only by how many they are. */
export interface Fold {
  folded: number;
}

/** What changed, with `around` lines before and after each change. */
export function foldLines(lines: readonly Line[], around = 3): (Line | Fold)[] {
  const shown = lines.map((_, place) =>
    lines.slice(Math.max(0, place - around), place + around + 1).some(({ sign }) => sign !== " "),
  );
  const folded: (Line | Fold)[] = [];
  lines.forEach((line, place) => {
    const last = folded.at(-1);
    if (shown[place]) folded.push(line);
    else if (last && "folded" in last) last.folded++;
    else folded.push({ folded: 1 });
  });
  return folded;
}

/** The lines of both texts, in order: kept, added, or taken out. As few as can be are changed. */
export function compareLines(before: string, after: string): Line[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const kept = (lines: string[]) => lines.map((text): Line => ({ sign: " ", text }));
  return [
    ...kept(a.slice(0, head)),
    ...changed(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...kept(a.slice(a.length - tail)),
  ];
}

/** By the longest lines that both have in the same order: `common[i][j]` is how many those are from there on. */
function changed(a: string[], b: string[]): Line[] {
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      (common[i] as Uint32Array)[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: " ", text: a[i++] ?? "" });
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1)))
      lines.push({ sign: "-", text: a[i++] ?? "" });
    else lines.push({ sign: "+", text: b[j++] ?? "" });
  }
  return lines;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
