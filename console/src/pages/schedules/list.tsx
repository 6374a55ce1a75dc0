/** Schedules as a list: when each fires, what came of it, and what can be done with it. */

import { Button } from "antd";
import { Link } from "wouter";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { When } from "../../ui/schedule";
import { Found, Nothing, NothingMatches, Wrong } from "../../ui/states";
import { Status } from "../../ui/status";
import { Moment } from "../../ui/time";
import { type Overview, useOverviews, useVerb } from "./data";
import type { Parts } from "./index";
import { Standing } from "./standing";
import { MISFIRES, OVERLAPS, SCHEDULES } from "./words";

const WEEK_MS = 7 * 86_400_000;
const SHOWN = 10;

export function ListView({ wanted, filtered, search, change, clear }: Parts) {
  const words = { ...useWords(), ...useWords(SCHEDULES) };
  const cursor = search.get("cursor");
  const query = useOverviews(wanted, cursor);
  return (
    <Found query={query} rows={12}>
      {({ items, next_cursor: following }) =>
        items.length === 0 ? (
          <NoSchedules filtered={filtered} clear={clear} />
        ) : (
          <>
            <ScheduleTable items={items} onChoose={(schedule) => change({ schedule })} />
            <footer className="pager">
              {cursor && <Button onClick={() => change({ cursor: null })}>{words.first}</Button>}
              {following && <Button onClick={() => change({ cursor: following })}>{words.more}</Button>}
            </footer>
          </>
        )
      }
    </Found>
  );
}

export function NoSchedules({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const words = { ...useWords(), ...useWords(SCHEDULES) };
  return filtered ? (
    <NothingMatches>
      <Button onClick={clear}>{words.clear}</Button>
    </NothingMatches>
  ) : (
    <Nothing title={words.nothingYet}>
      <p>{words.noSchedule}</p>
      <Link href="/jobs/new">{words.newJob}</Link>
    </Nothing>
  );
}

function ScheduleTable({ items, onChoose }: { items: Overview[]; onChoose: (id: string) => void }) {
  const words = { ...useWords(), ...useWords(SCHEDULES) };
  return (
    <section className="scroll" aria-label={words.schedules}>
      <table className="rows">
        <thead>
          <tr>
            <th>{words.status}</th>
            <th>{words.schedule}</th>
            <th>{words.when}</th>
            <th>{words.next}</th>
            <th>{words.last}</th>
            <th>{words.recent}</th>
            <th>{words.policy}</th>
            <th>
              <span className="hidden">{words.pause}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <Row key={item.schedule.schedule_id} item={item} onChoose={onChoose} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ item, onChoose }: { item: Overview; onChoose: (id: string) => void }) {
  const words = useWords(SCHEDULES);
  const overlaps = useWords(OVERLAPS);
  const misfires = useWords(MISFIRES);
  const { schedule, standing, recent } = item;
  const [last] = recent;
  return (
    <tr>
      <td>
        <Standing standing={standing} />
      </td>
      <td>
        <button type="button" className="link" onClick={() => onChoose(schedule.schedule_id)}>
          {schedule.schedule_id}
        </button>
        {schedule.job_id !== schedule.schedule_id && <div className="faint">{schedule.job_id}</div>}
      </td>
      <td className="schedule-words">
        <When words={schedule.when} />
      </td>
      <td>
        <Moment at={schedule.next_at} />
        {clocksChangeSoon(item) && (
          <span className="clock-mark" title={words.clockChanges}>
            <span aria-hidden="true">⚠</span> <span className="hidden">{words.clockChanges}</span>
          </span>
        )}
      </td>
      <td>
        {last ? (
          <Link href={`/runs/${last.run_id}`}>
            <Status state={last.status} /> <Moment at={last.created_at} />
          </Link>
        ) : (
          <Moment at={schedule.last_slot} />
        )}
      </td>
      <td>
        <Strip runs={recent} />
      </td>
      <td className="faint schedule-policy">
        {overlaps[schedule.overlap]} · {misfires[schedule.misfire.policy ?? "one"]}
      </td>
      <td>
        <PauseButton item={item} />
      </td>
    </tr>
  );
}

/** How the last runs ended, oldest first; the cells are told in words by the last run and by the schedule's own page. */
function Strip({ runs }: { runs: Overview["recent"] }) {
  return (
    <span className="schedule-strip" aria-hidden="true">
      {runs
        .slice(0, SHOWN)
        .reverse()
        .map((run) => (
          <span key={run.run_id} className={`ended-${run.status}`} />
        ))}
    </span>
  );
}

function PauseButton({ item: { schedule, standing } }: { item: Overview }) {
  const words = useWords(SCHEDULES);
  const verb = useVerb(schedule.schedule_id);
  const paused = standing === "paused";
  const label = (paused ? words.resumeIt : words.pauseIt)(schedule.schedule_id);
  if (!useMay("operate") || standing === "over") return null;
  return (
    <>
      <Button
        size="small"
        aria-label={label}
        loading={verb.isPending}
        onClick={() => verb.mutate(paused ? "resume" : "pause")}
      >
        {paused ? words.resume : words.pause}
      </Button>
      {verb.isError && <Wrong error={verb.error} />}
    </>
  );
}

function clocksChangeSoon({ fires }: Overview): boolean {
  return fires.some(({ at, clock }) => clock.length > 0 && Date.parse(at) < Date.now() + WEEK_MS);
}
