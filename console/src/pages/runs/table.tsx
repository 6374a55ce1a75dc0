/** The rows of a page: one for each run, each in its place. */

import { memo, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import type { Run } from "../../api/client";
import { useWords } from "../../appearance";
import { useNow } from "../../ui/now";
import { Status } from "../../ui/status";
import { Lasting, Moment, Took } from "../../ui/time";
import { useKeys } from "./keys";
import { extent, type Picked, pageToggled, stretched, toggled } from "./picking";
import { RUNS } from "./words";

export function RunTable({
  runs,
  states,
  picked,
  pick,
}: {
  runs: readonly Run[];
  /** The states that are looked for: a run that has left them keeps its place, in a fainter ink. */
  states: readonly string[];
  /** None where nothing can be done to them. */
  picked: Picked | null;
  pick: (change: (picked: Picked) => Picked) => void;
}) {
  const words = useWords();
  const here = useWords(RUNS);
  const ids = runs.map((run) => run.run_id);
  const [, go] = useLocation();
  const now = useNow();
  const body = useKeys({
    open: (row) => ids[row] && go(`/runs/${ids[row]}`),
    pick: (row, stretch) => picked && onPick.current(ids[row] ?? "", stretch),
  });
  const onPick = useRef((_id: string, _stretch: boolean) => {});
  onPick.current = (id, stretch) =>
    pick((standing) => (stretch ? stretched(standing, ids, id) : toggled(standing, id)));
  const pickRow = useRef((id: string, stretch: boolean) => onPick.current(id, stretch)).current;
  return (
    <div className="scroll">
      <table className="rows runs">
        <caption className="hidden">{here.keys}</caption>
        <colgroup>
          {picked && <col className="w-pick" />}
          <col className="w-status" />
          <col className="w-run" />
          <col />
          <col className="w-time" />
          <col className="w-length" />
          <col className="w-length" />
          <col className="w-attempt" />
          <col className="w-queue" />
        </colgroup>
        <thead>
          <tr>
            {picked && (
              <th className="pick-page">
                <PagePick picked={picked} ids={ids} onChange={() => pick((standing) => pageToggled(standing, ids))} />
              </th>
            )}
            <th>{words.status}</th>
            <th>{words.run}</th>
            <th>{words.job}</th>
            <th className="number">{words.created}</th>
            <th className="number">{words.waited}</th>
            <th className="number">{words.took}</th>
            <th className="number">{words.attempt}</th>
            <th>{words.queue}</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {runs.map((run) => (
            <Row
              key={run.run_id}
              run={run}
              past={states.length > 0 && !states.includes(run.status)}
              picked={picked ? picked.ids.has(run.run_id) : null}
              now={run.finished_at === null ? now : 0}
              onPick={pickRow}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Row = memo(function Row({
  run,
  past,
  picked,
  now,
  onPick,
}: {
  run: Run;
  past: boolean;
  picked: boolean | null;
  /** The time, for those who still count: it has the row told anew. */
  now: number;
  onPick: (id: string, stretch: boolean) => void;
}) {
  const here = useWords(RUNS);
  return (
    <tr tabIndex={-1} className={past ? "past" : undefined} data-picked={picked || undefined}>
      {picked !== null && (
        <td className="c-pick">
          <label className="pick">
            <input
              type="checkbox"
              aria-label={here.pick(run.run_id)}
              checked={picked}
              onChange={() => {}}
              onClick={(event) => onPick(run.run_id, event.shiftKey)}
            />
          </label>
        </td>
      )}
      <td className="c-status">
        <Status state={run.status} />
      </td>
      <td className="c-run">
        <Link href={`/runs/${run.run_id}`} className="mono">
          {run.run_id}
        </Link>
      </td>
      <td className="c-job">
        <Link href={`/jobs/${encodeURIComponent(run.job_id)}`} className="cut" title={run.job_id}>
          {run.job_id}
        </Link>
      </td>
      <td className="number c-time">
        <Moment at={run.created_at} />
      </td>
      <td className="number c-waited">
        <Lasting
          from={now && Date.parse(run.due_at) > now ? null : run.due_at}
          to={run.started_at ?? run.finished_at}
        />
      </td>
      <td className="number c-took">
        <Took run={run} />
      </td>
      <td className="number c-attempt">{run.attempt || "–"}</td>
      <td className="c-queue">
        <span className="cut" title={run.queue}>
          {run.queue}
        </span>
      </td>
    </tr>
  );
});

function PagePick({ picked, ids, onChange }: { picked: Picked; ids: readonly string[]; onChange: () => void }) {
  const here = useWords(RUNS);
  const box = useRef<HTMLInputElement>(null);
  const much = extent(picked, ids);
  useEffect(() => {
    if (box.current) box.current.indeterminate = much === "some";
  }, [much]);
  return (
    <label className="pick">
      <input ref={box} type="checkbox" checked={much === "all"} onChange={onChange} />
      <span className="hidden">{here.pickPage}</span>
    </label>
  );
}
