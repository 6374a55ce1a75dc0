/** How runs ended over time: the chart, or a table of the same numbers. */

import { Suspense } from "react";
import { Link, useLocation } from "wouter";
import { useAppearance, useWords } from "../../appearance";
import { useAddress } from "../../ui/address";
import { part } from "../../ui/part";
import { Skeleton } from "../../ui/states";
import { Status } from "../../ui/status";
import { spanText } from "./span";
import { type Bar, OUTCOMES, type Range, runsOf, sum, total } from "./stack";
import { IN_RANGE, OVERVIEW } from "./words";

const Bars = part(() => import("./bars"));

export function Outcomes({ bars, range }: { bars: Bar[]; range: Range }) {
  const words = useWords(OVERVIEW);
  const spans = useWords(IN_RANGE);
  const { language } = useAppearance();
  const [, go] = useLocation();
  const { told, change } = useAddress();
  const plain = (count: number) => count.toLocaleString(language);
  const asTable = told("table") !== "";
  const all = sum(bars);
  const span = { start: bars[0]?.start ?? 0, end: bars.at(-1)?.end ?? 0 };
  return (
    <section className="card outcomes">
      <header>
        <h2>{words.outcomes}</h2>
        <button
          type="button"
          className="link"
          aria-pressed={asTable}
          onClick={() => change({ table: asTable ? null : "1" })}
        >
          {asTable ? words.asChart : words.asTable}
        </button>
        <ul className="outcome-legend">
          {OUTCOMES.map((outcome) => (
            <li key={outcome}>
              <Link href={runsOf(span, outcome)}>
                <Status state={outcome} /> {plain(all[outcome])}
              </Link>
            </li>
          ))}
        </ul>
      </header>
      {asTable ? (
        <Table bars={bars} />
      ) : (
        <Suspense fallback={<Skeleton rows={7} />}>
          {total(all) === 0 && <p className="bars-empty faint">{words.noneEnded}</p>}
          <Bars
            bars={bars}
            label={words.chart(plain(total(all)), plain(all.completed), plain(all.failed), spans[range])}
            onPick={(bar, outcome) => go(runsOf(bar, outcome))}
          />
        </Suspense>
      )}
    </section>
  );
}

function Table({ bars }: { bars: Bar[] }) {
  const words = useWords(OVERVIEW);
  const { language, zone } = useAppearance();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too
    <section className="scroll outcomes-table" aria-label={words.outcomes} tabIndex={0}>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            {OUTCOMES.map((outcome) => (
              <th scope="col" key={outcome} className="number">
                <Status state={outcome} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.toReversed().map((bar) => (
            <tr key={bar.start}>
              <th scope="row">{spanText(bar, language, zone)}</th>
              {OUTCOMES.map((outcome) => (
                <td key={outcome} className="number">
                  {bar[outcome] ? (
                    <Link href={runsOf(bar, outcome)}>{bar[outcome].toLocaleString(language)}</Link>
                  ) : (
                    <span className="faint">0</span>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
