/** JSON with whole numbers of any length: those that a browser would round are bigints here. */

/** Before digits that are to be a bigint, as a text: it is another in each browser, so that no text can be taken for one. */
const MARK = `whole:${Math.random()}:`;
const MARKED = new RegExp(`"${MARK.replaceAll(".", "\\.")}(-?\\d+)"`, "g");

/** Texts are stepped over: what looks like a number within one is none. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
const LONG = /\d{16}/;

/** Throws SyntaxError for what is no JSON. */
export function parseJson(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text);
  const marked = text.replaceAll(TOKENS, (token) => (isRounded(token) ? `"${MARK}${token}"` : token));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  );
}

/** The text of a value, as JSON.stringify writes it; `indent` is how far each level is moved in. */
export function jsonText(value: unknown, indent = 0): string {
  const mark = (_: string, value: unknown) => (typeof value === "bigint" ? `${MARK}${value}` : value);
  // JSON has no undefined: where nothing is, nothing is written.
  return (JSON.stringify(value, mark, indent) ?? "").replaceAll(MARKED, "$1");
}

function isRounded(token: string): boolean {
  return /^-?[1-9]\d{15,}$/.test(token) && !Number.isSafeInteger(Number(token));
}
