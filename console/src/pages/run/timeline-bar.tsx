/** A run's life as a bar: where it waited, and its attempts, each of which leads to its error and its lines. */

import { Link } from "wouter";
import type { RunDetail } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { duration, Lasting, Moment } from "../../ui/time";
import { STATES } from "../../words/common";
import { changed, useView } from "./link";
import { type Placed, placed } from "./timeline";
import { OUTCOMES, RUN, SPANS } from "./words";

const WIDTH = 1000;
const LEAST = 14;
const HEIGHT = 24;

export function LifeBar({ run, chosen }: { run: RunDetail; chosen: number | null }) {
  const words = useWords(RUN);
  const said = useSaid();
  const [search] = useView();
  const all = placed(run.spans, Date.now(), WIDTH, LEAST);
  if (all.length === 0) return null;
  return (
    <section className="life" aria-label={words.timeline}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words.timeline}>
        {all.map((each) => (
          <rect key={each.x} x={each.x} y={4} width={Math.max(1, each.width - 2)} height={16} className={lookOf(each)}>
            <title>{said(each)}</title>
          </rect>
        ))}
      </svg>
      <ul>
        {all.map((each) => (
          <li key={each.x}>
            <span className={`swatch ${lookOf(each)}`} aria-hidden="true" />
            {each.span.attempt === null ? (
              said(each)
            ) : (
              <Link
                href={`/runs/${run.run_id}?${changed(search, { attempt: each.span.attempt === chosen ? null : String(each.span.attempt) })}`}
                aria-current={each.span.attempt === chosen}
              >
                {said(each)}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The spans of a life one by one. */
export function Spans({ run }: { run: RunDetail }) {
  const common = useWords();
  const words = useWords(RUN);
  const kinds = useWords(SPANS);
  return (
    <>
      <h2>{words.timeline}</h2>
      <div className="scroll">
        <table className="rows">
          <thead>
            <tr>
              <th>{words.span}</th>
              <th>{common.started}</th>
              <th>{common.finished}</th>
              <th className="number">{common.took}</th>
            </tr>
          </thead>
          <tbody>
            {run.spans.map(({ kind, start, end, attempt }) => (
              <tr key={start + kind}>
                <td>
                  {kinds[kind]} {attempt !== null && `· ${words.attemptOf(attempt)}`}
                </td>
                <td>
                  <Moment at={start} />
                </td>
                <td>
                  <Moment at={end} />
                </td>
                <td className="number">
                  <Lasting from={start} to={end} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** What became of an attempt, in words. */
export function useOutcome(): (outcome: string) => string {
  const all: Partial<Record<string, string>> = { ...useWords(STATES), ...useWords(OUTCOMES) };
  return (outcome) => all[outcome] ?? outcome;
}

function useSaid(): ({ span, ms }: Placed) => string {
  const words = useWords(RUN);
  const kinds = useWords(SPANS);
  const outcome = useOutcome();
  const { language } = useAppearance();
  return ({ span, ms }) =>
    span.attempt === null
      ? `${kinds[span.kind]} ${duration(ms, language)}`
      : `${words.attemptOf(span.attempt)}: ${outcome(span.outcome ?? "")}, ${duration(ms, language)}`;
}

function lookOf({ span }: Placed): string {
  if (span.kind !== "running") return `span-${span.kind}`;
  if (span.outcome === "completed" || span.outcome === "skipped") return "span-completed";
  return span.outcome === "running" ? "span-running" : "span-failed";
}
