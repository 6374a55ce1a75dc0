/** The attempts of a run: when, by whom, and what became of each. */

import { Link } from "wouter";
import type { RunDetail } from "../../api/client";
import { useWords } from "../../appearance";
import { Lasting, Moment } from "../../ui/time";
import { changed, useView } from "./link";
import { useOutcome } from "./timeline-bar";
import { RUN } from "./words";

export function Attempts({ run, chosen }: { run: RunDetail; chosen: number | null }) {
  const common = useWords();
  const words = useWords(RUN);
  const outcome = useOutcome();
  const [search] = useView();
  if (run.attempts.length === 0) return <p className="faint">{words.noAttempt}</p>;
  return (
    <>
      <h2>{words.attempts}</h2>
      <div className="scroll">
        <table className="rows">
          <thead>
            <tr>
              <th>{common.attempt}</th>
              <th>{words.outcome}</th>
              <th>{common.started}</th>
              <th>{common.finished}</th>
              <th className="number">{common.took}</th>
              <th>{common.worker}</th>
              <th>{words.error}</th>
            </tr>
          </thead>
          <tbody>
            {run.attempts.map((each, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: tries that were given back have one number
              <tr key={place} className={each.attempt === chosen ? "chosen" : undefined}>
                <td>
                  <Link
                    href={`/runs/${run.run_id}?${changed(search, { attempt: String(each.attempt), tab: null })}`}
                    aria-label={words.attemptOf(each.attempt)}
                  >
                    {each.attempt}
                  </Link>
                </td>
                <td>{outcome(each.outcome)}</td>
                <td>
                  <Moment at={each.started_at} />
                </td>
                <td>
                  <Moment at={each.finished_at} />
                </td>
                <td className="number">
                  <Lasting from={each.started_at} to={each.finished_at} />
                </td>
                <td className="mono">{each.worker_id ?? "–"}</td>
                <td className="mono error-cell">
                  {each.error ? `${each.error.type || each.error.code}: ${each.error.message}` : "–"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
