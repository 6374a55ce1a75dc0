/** The colours of a line of a log (SGR sequences, the only ones that are kept) as classes that fit either theme. */

export interface Segment {
  text: string;
  /** Space-separated; empty for plain text. */
  classes: string;
}

interface Style {
  ink: number | null;
  ground: number | null;
  marks: Set<string>;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const SEQUENCE = /\u001b\[([\d;]*)m/g;
const MARKS: Record<number, string> = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "struck" };
const ENDS: Record<number, readonly string[]> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["reverse"],
  29: ["struck"],
};

/** A line without its colours. */
export function plain(message: string): string {
  return message.includes("\u001b") ? message.replace(SEQUENCE, "") : message;
}

/** A line in parts of one look each. Colours end with their line. */
export function segments(message: string): Segment[] {
  if (!message.includes("\u001b")) return message ? [{ text: message, classes: "" }] : [];
  const style: Style = { ink: null, ground: null, marks: new Set() };
  const found: Segment[] = [];
  let from = 0;
  const add = (text: string) => {
    if (text) found.push({ text, classes: classesOf(style) });
  };
  for (const match of message.matchAll(SEQUENCE)) {
    add(message.slice(from, match.index));
    apply(style, (match[1] || "0").split(";").map(Number));
    from = match.index + match[0].length;
  }
  add(message.slice(from));
  return found;
}

function apply(style: Style, codes: number[]): void {
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    const mark = MARKS[code];
    if (code === 0) {
      style.ink = style.ground = null;
      style.marks.clear();
    } else if (mark) style.marks.add(mark);
    else if (ENDS[code]) for (const end of ENDS[code]) style.marks.delete(end);
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, at + 1);
      if (code === 38) style.ink = colour;
      else style.ground = colour;
      at += used;
    } else if (code === 39) style.ink = null;
    else if (code === 49) style.ground = null;
    else if (code >= 30 && code <= 37) style.ink = code - 30;
    else if (code >= 40 && code <= 47) style.ground = code - 40;
    else if (code >= 90 && code <= 97) style.ink = code - 82;
    else if (code >= 100 && code <= 107) style.ground = code - 92;
  }
}

/** The colour of `5;N` or `2;R;G;B`, and how many codes tell it. */
function extended(codes: number[], at: number): [number | null, number] {
  const [kind, first = 0, second = 0, third = 0] = codes.slice(at, at + 4);
  if (kind === 2) return [nearest(first, second, third), 4];
  if (kind !== 5) return [null, 0];
  if (first < 16) return [first, 2];
  if (first >= 232) return [grey(8 + 10 * (first - 232)), 2];
  const level = (step: number) => (step === 0 ? 0 : 55 + 40 * step);
  const cube = first - 16;
  return [nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)), 2];
}

/** Which of the 16 colours comes closest: by its hue, as themes choose how light each of them is. */
export function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range < 40) return grey(most);
  const hue =
    most === red
      ? ((green - blue) / range + 6) % 6
      : most === green
        ? (blue - red) / range + 2
        : (red - green) / range + 4;
  const colour = [1, 3, 2, 6, 4, 5][Math.round(hue) % 6] ?? 7;
  return most > 200 ? colour + 8 : colour;
}

function grey(light: number): number {
  return light < 60 ? 0 : light < 140 ? 8 : light < 220 ? 7 : 15;
}

function classesOf({ ink, ground, marks }: Style): string {
  const colour = ground !== null ? `ansi-on ansi-${ground}` : ink !== null ? `ansi-${ink}` : "";
  return [colour, ...marks].filter(Boolean).join(" ");
}
