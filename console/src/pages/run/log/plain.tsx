/** All lines as one text: to select, and for the browser's own search. */

import { memo, useLayoutEffect, useMemo, useRef } from "react";
import { useWords } from "../../../appearance";
import { RUN } from "../words";
import { Marked } from "./line";
import type { Line } from "./lines";
import { isWithin } from "./screen";

/** Parts out of sight cost neither layout nor paint, and are found by the browser's search all the same. */
const PART = 1_000;
/** Lines that are marked wherever they are. Where more match, those around the one that was gone to are. */
const MOST_MARKED = 5_000;

export function Plain({
  lines,
  wrap,
  sought,
  found,
  target,
}: {
  lines: readonly Line[];
  wrap: boolean;
  sought: string;
  /** How many lines match. */
  found: number;
  /** The place of the line to go to, whenever it becomes another. */
  target: number | null;
}) {
  const words = useWords(RUN);
  const parts = useMemo(
    () =>
      Array.from({ length: Math.ceil(lines.length / PART) }, (_, part) =>
        lines
          .slice(part * PART, (part + 1) * PART)
          .map(({ text }) => `${text}\n`)
          .join(""),
      ),
    [lines],
  );
  const box = useRef<HTMLPreElement>(null);
  const line = target === null ? undefined : lines[target];
  const here = Math.floor((target ?? 0) / PART);
  const chosen = line && { from: lengthOf(lines.slice(here * PART, target ?? 0)), length: line.text.length };
  const number = line?.number;
  useLayoutEffect(() => {
    const line = number === undefined ? null : box.current?.querySelector<HTMLElement>(".line-chosen");
    if (line && box.current) line.scrollIntoView({ block: isWithin(line, box.current) ? "nearest" : "center" });
  }, [number]);
  return (
    <pre
      className={wrap ? "lines plain wrapped" : "lines plain"}
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      role="log"
      aria-label={words.logs}
    >
      {parts.map((text, place) => (
        <Part
          // biome-ignore lint/suspicious/noArrayIndexKey: a part stays where it is
          key={place}
          text={text}
          sought={found <= MOST_MARKED || Math.abs(place - here) <= 1 ? sought : ""}
          {...(place === here && chosen)}
        />
      ))}
    </pre>
  );
}

/** How long lines are as a text, with their ends. */
function lengthOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { text }) => sum + text.length + 1, 0);
}

/** `from` is where in it the line that is told apart begins, and `length` how long that is. */
const Part = memo(function Part({
  text,
  sought,
  from = text.length,
  length = 0,
}: {
  text: string;
  sought: string;
  from?: number;
  length?: number;
}) {
  return (
    <span className="plain-part">
      <Marked text={text.slice(0, from)} sought={sought} />
      {from < text.length && (
        <span className="line-chosen">
          <Marked text={text.slice(from, from + length)} sought={sought} />
        </span>
      )}
      <Marked text={text.slice(from + length)} sought={sought} />
    </span>
  );
});
