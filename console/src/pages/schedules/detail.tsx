/** One schedule beside the page: why it stands as it does, its next fires, its last runs, and what it skipped. */

import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../api/client";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { Dialog } from "../../ui/dialog";
import { Fact, Facts } from "../../ui/facts";
import { Fires, When } from "../../ui/schedule";
import { Found, Nothing, Wrong } from "../../ui/states";
import { Status } from "../../ui/status";
import { Moment } from "../../ui/time";
import { Backfill } from "./backfill";
import { type Overview, useOverview, useVerb } from "./data";
import type { Change } from "./index";
import { Standing } from "./standing";
import { MISFIRES, OVERLAPS, REASONS, SCHEDULES, SKIPPED } from "./words";

export function ScheduleSheet({ id, after, change }: { id: string; after: string | null; change: Change }) {
  const words = { ...useWords(), ...useWords(SCHEDULES) };
  const query = useOverview(id);
  const close = () => change({ schedule: null, after: null });
  return (
    <Dialog label={`${words.schedule} ${id}`} className="schedule-sheet" onClose={close}>
      <header className="page-head">
        <h2>{id}</h2>
        <button type="button" className="link actions" onClick={close}>
          {words.close}
        </button>
      </header>
      <Found query={query} rows={10}>
        {(item) =>
          item === null ? (
            <Nothing title={words.nothingMatches}>{id}</Nothing>
          ) : (
            <Detail item={item} after={after} change={change} />
          )
        }
      </Found>
    </Dialog>
  );
}

function Detail({ item, after, change }: { item: Overview; after: string | null; change: Change }) {
  const words = { ...useWords(), ...useWords(SCHEDULES) };
  const reasons = useWords(REASONS);
  const overlaps = useWords(OVERLAPS);
  const misfires = useWords(MISFIRES);
  const { schedule, standing } = item;
  return (
    <>
      <p className="schedule-said">
        <When words={schedule.when} />
      </p>
      <p>
        <Standing standing={standing} /> {reasons[standing]}{" "}
        {standing === "job_disabled" && <Link href={`/jobs/${schedule.job_id}`}>{schedule.job_id}</Link>}
      </p>
      <Doing item={item} />
      <Facts>
        <Fact name={words.job}>
          <Link href={`/jobs/${schedule.job_id}`}>{schedule.job_id}</Link>
        </Fact>
        <Fact name={words.source}>{schedule.source}</Fact>
        <Fact name={words.policy}>
          {overlaps[schedule.overlap]} · {misfires[schedule.misfire.policy ?? "one"]}
        </Fact>
      </Facts>
      <Coming item={item} after={after} change={change} />
      <h3>{words.recentRuns}</h3>
      <Runs item={item} />
      <h3>{words.whyNot}</h3>
      <SkippedSlots id={schedule.schedule_id} />
    </>
  );
}

/** What can be done with it, and what came of it. */
function Doing({ item: { schedule, standing } }: { item: Overview }) {
  const words = useWords(SCHEDULES);
  const verb = useVerb(schedule.schedule_id);
  const [filling, setFilling] = useState(false);
  const paused = standing === "paused";
  if (!useMay("operate")) return null;
  return (
    <>
      <div className="schedule-doing">
        <Button onClick={() => verb.mutate(paused ? "resume" : "pause")} loading={verb.isPending}>
          {paused ? words.resume : words.pause}
        </Button>
        <Button onClick={() => verb.mutate("trigger")} loading={verb.isPending}>
          {words.trigger}
        </Button>
        <Button aria-expanded={filling} onClick={() => setFilling(!filling)}>
          {words.backfill}
        </Button>
      </div>
      <div role="status">
        {verb.data && (
          <p>
            {words.started} <Link href={`/runs/${verb.data.run_id}`}>{verb.data.run_id}</Link>
          </p>
        )}
      </div>
      {verb.isError && <Wrong error={verb.error} />}
      {filling && <Backfill schedule={schedule} />}
    </>
  );
}

/** Its next five fires, or those after a day that somebody wonders about. */
function Coming({ item, after, change }: { item: Overview; after: string | null; change: Change }) {
  const words = useWords(SCHEDULES);
  const { schedule_id: id, timezone } = item.schedule;
  const query = useQuery({
    queryKey: ["schedule", "coming", id, after],
    enabled: after !== null,
    queryFn: () =>
      body(
        api.GET("/schedules/{schedule_id}/next", {
          params: { path: { schedule_id: id }, query: { after: `${after}T00:00:00Z` } },
        }),
      ),
  });
  return (
    <>
      <h3>{words.comingFires}</h3>
      <p className="schedule-doing">
        <label>
          {words.comingAfter}{" "}
          <input type="date" value={after ?? ""} onChange={(event) => change({ after: event.target.value || null })} />
        </label>
        {after && (
          <button type="button" className="link" onClick={() => change({ after: null })}>
            {words.now}
          </button>
        )}
      </p>
      {after === null ? (
        <Fires fires={item.fires} timezone={timezone} />
      ) : (
        <Found query={query} rows={5}>
          {({ fires }) => <Fires fires={fires} timezone={timezone} />}
        </Found>
      )}
    </>
  );
}

function Runs({ item: { recent } }: { item: Overview }) {
  const words = { ...useWords(), ...useWords(SCHEDULES) };
  if (recent.length === 0) return <p className="faint">{words.noRuns}</p>;
  return (
    <div className="scroll">
      <table className="rows">
        <thead>
          <tr>
            <th>{words.status}</th>
            <th>{words.slot}</th>
            <th>{words.run}</th>
          </tr>
        </thead>
        <tbody>
          {recent.slice(0, 10).map((run) => (
            <tr key={run.run_id}>
              <td>
                <Status state={run.status} />
              </td>
              <td>{run.slot ? <Moment at={run.slot} /> : words.byHand}</td>
              <td>
                <Link href={`/runs/${run.run_id}`} className="mono">
                  {run.run_id}
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Slots that got no run, with the reason of each. */
function SkippedSlots({ id }: { id: string }) {
  const words = useWords(SCHEDULES);
  const query = useQuery({
    queryKey: ["schedule", "skipped", id],
    queryFn: () => body(api.GET("/schedules/{schedule_id}/skipped", { params: { path: { schedule_id: id } } })),
  });
  return (
    <Found query={query} rows={2}>
      {({ items }) =>
        items.length === 0 ? <p className="faint">{words.neverSkipped}</p> : <SkippedTable items={items} />
      }
    </Found>
  );
}

function SkippedTable({ items }: { items: Schemas["Skipped"][] }) {
  const words = useWords(SCHEDULES);
  const reasons = useWords(SKIPPED);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too
    <section className="scroll" aria-label={words.whyNot} tabIndex={0}>
      <table className="rows">
        <thead>
          <tr>
            <th>{words.slots}</th>
            <th>{words.reason}</th>
            <th className="number">{words.count}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((skipped, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: several may be told at the same moment
            <tr key={place}>
              <td>
                <Moment at={skipped.slots.at(-1) ?? skipped.at} />
              </td>
              <td className="schedule-words">
                {reasons[skipped.reason]}
                {skipped.message && <div className="faint">{skipped.message}</div>}
              </td>
              <td className="number">{skipped.at_least ? `≥ ${skipped.count}` : skipped.count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
