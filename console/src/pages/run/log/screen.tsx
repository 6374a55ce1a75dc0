/** Lines of a log on the screen, however many there are: those in sight and a little around them. */

import { memo, type UIEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useWords } from "../../../appearance";
import { RUN } from "../words";
import { LogLine } from "./line";
import type { Line } from "./lines";
import { BLOCK, between, offsets, ROW, rowsOf } from "./window";

/** How far beyond what is in sight lines are there, in pixels. */
const AROUND = 450;
/** Where that near the end, one is taken to be at it. */
const NEAR_END = ROW * 2;

interface Props {
  lines: readonly Line[];
  wrap: boolean;
  sought: string;
  /** The place of the line to go to, whenever it becomes another. */
  target: number | null;
  /** The number of the line that is told apart. */
  chosen: number | null;
  follow: boolean;
  onFollow: (on: boolean) => void;
  onLink: (line: Line) => void;
}

export function Screen({ lines, wrap, sought, target, chosen, follow, onFollow, onLink }: Props) {
  const words = useWords(RUN);
  const box = useRef<HTMLDivElement>(null);
  const measure = useRef<HTMLSpanElement>(null);
  const [columns, setColumns] = useState<number | null>(null);
  const [sight, setSight] = useState({ top: 0, height: 600 });
  const tops = useMemo(
    () => offsets(lines.map(({ text }) => rowsOf(text, wrap ? columns : null))),
    [lines, wrap, columns],
  );
  const { first, last } = between(tops, sight.top - AROUND, sight.top + sight.height + AROUND);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const fit = () => {
      setColumns(columnsOf(element, measure.current));
      setSight({ top: element.scrollTop, height: element.clientHeight });
    };
    const watch = new ResizeObserver(fit);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the coming of lines that scrolls
  useLayoutEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, follow, columns]);
  useGoTo(box, target, lines, tops, columns !== null);
  const scrolled = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }: UIEvent) => {
    setSight({ top: scrollTop, height: clientHeight });
    const atEnd = scrollTop + clientHeight >= scrollHeight - NEAR_END;
    if (scrollTop < sight.top && !atEnd) onFollow(false);
  };
  return (
    <div
      className={wrap ? "mono lines wrapped" : "mono lines"}
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      role="log"
      aria-label={words.logs}
      onScroll={scrolled}
    >
      <span className="line-measure" ref={measure} aria-hidden="true">
        0000000000
      </span>
      <div style={{ height: tops[first] ?? 0 }} />
      {Array.from({ length: last - first }, (_, place) => first + place).map((block) => (
        <Block key={block} from={block * BLOCK} lines={lines} sought={sought} chosen={chosen} onLink={onLink} />
      ))}
      <div style={{ height: (tops.at(-1) ?? 0) - (tops[last] ?? 0) }} />
    </div>
  );
}

const Block = memo(function Block({
  from,
  lines,
  sought,
  chosen,
  onLink,
}: Pick<Props, "lines" | "sought" | "chosen" | "onLink"> & { from: number }) {
  return lines
    .slice(from, from + BLOCK)
    .map((line) => (
      <LogLine key={line.number} line={line} sought={sought} chosen={line.number === chosen} onLink={onLink} />
    ));
});

/** How many characters a line's text has room for. */
function columnsOf(box: HTMLElement, measure: HTMLElement | null): number | null {
  if (measure === null || measure.offsetWidth === 0) return null;
  const character = measure.getBoundingClientRect().width / 10;
  const style = getComputedStyle(box);
  const beside = Number.parseFloat(style.getPropertyValue("--line-beside"));
  const room = box.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight) - beside;
  return Math.max(10, Math.floor(room / character));
}

/** Go to a line once it is there: at first to where it must be, then, when it is drawn, to where it is. */
function useGoTo(
  box: React.RefObject<HTMLDivElement | null>,
  target: number | null,
  lines: readonly Line[],
  tops: readonly number[],
  ready: boolean,
): void {
  const gone = useRef<number | null>(null);
  const number = target === null ? null : (lines[target]?.number ?? null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || !ready || target === null || number === gone.current) return;
    gone.current = number;
    const drawn = document.getElementById(`L${number}`);
    if (drawn !== null && isWithin(drawn, element)) {
      drawn.scrollIntoView({ block: "nearest" });
      return;
    }
    const block = Math.floor(target / BLOCK);
    const within = (((tops[block + 1] ?? 0) - (tops[block] ?? 0)) * (target % BLOCK)) / BLOCK;
    element.scrollTop = Math.max(0, (tops[block] ?? 0) + within - element.clientHeight / 2);
    requestAnimationFrame(() =>
      requestAnimationFrame(() => document.getElementById(`L${number}`)?.scrollIntoView({ block: "center" })),
    );
  }, [box, target, number, tops, ready]);
}

export function isWithin(line: HTMLElement, box: HTMLElement): boolean {
  const [inner, outer] = [line.getBoundingClientRect(), box.getBoundingClientRect()];
  return inner.top >= outer.top && inner.bottom <= outer.bottom;
}
