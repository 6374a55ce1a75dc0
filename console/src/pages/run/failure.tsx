/** Why it went wrong, on one screen: the exception, the log at its first error, and what changed since it went well. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useSearch } from "wouter";
import { api, body, Refusal, type RunDetail } from "../../api/client";
import { useWords } from "../../appearance";
import { Found } from "../../ui/states";
import { Changes } from "./changes";
import { causes } from "./differences";
import { LogLine } from "./log/line";
import { firstError, isError, type Log, narrowed } from "./log/lines";
import { RUN } from "./words";

const BEFORE = 3;
const BEHIND = 4;
const MOST_CHANGES = 6;

type RunError = NonNullable<RunDetail["error"]>;

export function Failure({ run, error, attempt, log }: { run: RunDetail; error: RunError; attempt: number; log: Log }) {
  const words = useWords(RUN);
  return (
    <section className="failure">
      <h2>
        {error.type || error.code}: {error.message}
      </h2>
      <div className="failure-parts">
        {error.traceback && (
          <div className="raised">
            <h3>{words.traceback}</h3>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
            <pre className="traceback" tabIndex={0} ref={toEnd}>
              {error.traceback}
            </pre>
          </div>
        )}
        <AtError run={run} attempt={attempt} log={log} />
        {run.status === "failed" && <Changed run={run} />}
      </div>
    </section>
  );
}

/** Where it was raised stands last. */
function toEnd(element: HTMLElement | null): void {
  if (element) element.scrollTop = element.scrollHeight;
}

function AtError({ run, attempt, log }: { run: RunDetail; attempt: number; log: Log }) {
  const words = useWords(RUN);
  const chosen = useSearch().includes("attempt=");
  const own = useMemo(() => narrowed(log.lines, attempt, null), [log.lines, attempt]);
  const line = useMemo(() => firstError(own), [own]);
  if (!line) return null;
  const place = own.indexOf(line);
  const around = own.slice(Math.max(0, place - BEFORE), place + 1 + BEHIND);
  return (
    <div>
      <h3>
        {isError(line) ? words.atError : words.atEnd} ·{" "}
        <Link href={`/runs/${run.run_id}${chosen ? `?attempt=${attempt}` : ""}#L${line.number}`}>
          {words.toLine(line.number)}
        </Link>
      </h3>
      <div className="mono lines wrapped excerpt">
        {around.map((each) => (
          <LogLine key={each.number} line={each} chosen={each === line} />
        ))}
      </div>
    </div>
  );
}

function Changed({ run }: { run: RunDetail }) {
  const words = useWords(RUN);
  const query = useComparison(run.run_id, null);
  const none = query.error instanceof Refusal && query.error.problem.status === 404;
  return (
    <div>
      <h3>{words.changed}</h3>
      {none ? (
        <p className="faint">{words.neverWell}</p>
      ) : (
        <Found query={query} rows={2}>
          {({ differences, against }) => {
            const found = causes(differences);
            return (
              <>
                {found.length ? (
                  <Changes differences={found.slice(0, MOST_CHANGES)} other={words.lastSuccess} />
                ) : (
                  <p className="faint">{words.nothingChanged}</p>
                )}
                <p>
                  <Link href={`/runs/${run.run_id}?tab=compare`} onClick={toTabs}>
                    {words.allChanges}
                  </Link>{" "}
                  · {words.lastSuccess}{" "}
                  <Link href={`/runs/${against.run_id}`} className="mono">
                    {against.run_id}
                  </Link>
                </p>
              </>
            );
          }}
        </Found>
      )}
    </div>
  );
}

/** What was asked for stands below. */
function toTabs(): void {
  requestAnimationFrame(() => document.querySelector('[role="tablist"]')?.scrollIntoView({ block: "start" }));
}

/** What differs from another run, without `against` from the job's last that completed before it. */
export function useComparison(runId: string, against: string | null) {
  const params = { path: { run_id: runId }, query: against ? { against } : {} };
  return useQuery({
    queryKey: ["run", runId, "compare", against],
    queryFn: () => body(api.GET("/runs/{run_id}/compare", { params })),
  });
}
