/** A line of a log: its number, which is its link; when it was said; and what, in its colours. */

import { Fragment, memo } from "react";
import { useAppearance, useWords } from "../../../appearance";
import { format } from "../../../ui/zone";
import { LOG } from "../words";
import { type Line, marked, partsOf } from "./lines";
import "./log.css";

const CLOCK = {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
} as const;

export const LogLine = memo(function LogLine({
  line,
  chosen,
  sought = "",
  onLink,
}: {
  line: Line;
  chosen: boolean;
  sought?: string;
  onLink?: (line: Line) => void;
}) {
  const words = useWords(LOG);
  const { zone } = useAppearance();
  const classes = ["line", `line-${line.level}`, line.stream === "system" && "line-system", chosen && "line-chosen"];
  return (
    <div className={classes.filter(Boolean).join(" ")} id={onLink ? `L${line.number}` : undefined}>
      {onLink ? (
        <a
          href={`#L${line.number}`}
          className="line-number"
          aria-label={words.line(line.number)}
          tabIndex={chosen ? 0 : -1}
          onClick={() => onLink(line)}
        >
          {line.number}
        </a>
      ) : (
        <span className="line-number">{line.number}</span>
      )}
      <span className="line-at">{format("en-GB", { ...CLOCK, timeZone: zone }).format(new Date(line.at))}</span>
      <span className="line-text">
        {partsOf(line).map(({ text, classes }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line never changes
          <span key={place} className={classes || undefined}>
            <Marked text={text} sought={sought} />
          </span>
        ))}
      </span>
    </div>
  );
});

/** A text in which what was looked for is marked. */
export function Marked({ text, sought }: { text: string; sought: string }) {
  if (!sought) return text;
  return marked(text, sought).map((part, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    <Fragment key={place}>{place % 2 ? <mark>{part}</mark> : part}</Fragment>
  ));
}
