/** The last runs of a job side by side, the newest on the right: how long each took, and its attempts. */

import { useQuery } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, body, type Schemas } from "../../../api/client";
import { useAppearance, useWords } from "../../../appearance";
import { Found } from "../../../ui/states";
import { duration } from "../../../ui/time";
import { STATES } from "../../../words/common";
import { JOB } from "../words";

type GridRun = Schemas["GridRun"];

const WIDTH = 18;
const CHART = 72;
const CELL = 14;

export function OutcomeGrid({ id }: { id: string }) {
  const words = useWords(JOB);
  const query = useQuery({
    queryKey: ["run", "grid", id],
    queryFn: () => body(api.GET("/jobs/{job_id}/grid", { params: { path: { job_id: id } } })),
  });
  return (
    <Found query={query} rows={4}>
      {(grid) => (grid.runs.length === 0 ? <p className="faint">{words.noRuns}</p> : <Columns grid={grid} />)}
    </Found>
  );
}

function Columns({ grid }: { grid: Schemas["JobGrid"] }) {
  const words = useWords(JOB);
  const states = useWords(STATES);
  const { language } = useAppearance();
  const [, go] = useLocation();
  const runs = grid.runs.toReversed();
  const longest = Math.max(1, ...runs.map(lasted));
  const height = CHART + 4 + grid.attempts * CELL;
  return (
    <figure className="grid-figure">
      <div className="scroll">
        {/* biome-ignore lint/a11y/useSemanticElements: it is a group of links within a picture */}
        <svg width={runs.length * WIDTH} height={height} role="group" aria-label={words.attempts}>
          {runs.map((run, column) => {
            const bar = Math.max(2, (lasted(run) / longest) * (CHART - 2));
            const x = column * WIDTH;
            return (
              <a
                key={run.run_id}
                href={`/console/runs/${run.run_id}`}
                onClick={(event) => {
                  event.preventDefault();
                  go(`/runs/${run.run_id}`);
                }}
                aria-label={`${states[run.status]}, ${duration(lasted(run), language)}, ${new Date(run.created_at).toLocaleString(language)}`}
              >
                <rect x={x} y={0} width={WIDTH} height={height} className="grid-hit" />
                <rect x={x + 2} y={CHART - bar} width={WIDTH - 4} height={bar} className={`took took-${run.status}`} />
                {run.attempts.map(({ attempt, outcome }, row) => (
                  <rect
                    key={attempt}
                    x={x + 2}
                    y={CHART + 4 + row * CELL}
                    width={WIDTH - 4}
                    height={CELL - 3}
                    className={`cell cell-${outcome}`}
                  />
                ))}
              </a>
            );
          })}
        </svg>
      </div>
      <figcaption className="faint">
        {words.attemptsHelp} {words.longest(duration(longest, language))}
      </figcaption>
    </figure>
  );
}

/** From the first start to the end, or until now. */
function lasted({ attempts, finished_at }: GridRun): number {
  const start = attempts[0]?.started_at;
  return start ? Math.max(0, (finished_at ? Date.parse(finished_at) : Date.now()) - Date.parse(start)) : 0;
}
