/** Runs for slots of the past: which ones is shown first, then they are submitted and watched to their end. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { api, body, type Schemas, type State } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { Fact, Facts } from "../../ui/facts";
import { wall } from "../../ui/schedule";
import { Wrong } from "../../ui/states";
import { fromWall, toWall } from "../../ui/wall";
import { withPeriod } from "../runs/filters";
import { BACKFILL } from "./words";

type Answer = Schemas["Backfill"];
type Run = Schemas["Run"];
type Asked = Omit<Schemas["BackfillRequest"], "dry_run">;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ENDED = new Set<State>(["completed", "failed", "cancelled", "skipped"]);
const PARTS = 100;
const LOOK_MS = 2_000;

export function Backfill({ schedule }: { schedule: Schemas["Schedule"] }) {
  const words = useWords(BACKFILL);
  const [asked, setAsked] = useState<Asked | null>(null);
  const fill = (dry: boolean) => (request: Asked) =>
    body(
      api.POST("/schedules/{schedule_id}/backfill", {
        params: { path: { schedule_id: schedule.schedule_id } },
        body: { ...request, dry_run: dry },
      }),
    );
  const look = useMutation({ mutationFn: fill(true) });
  const submit = useMutation({ mutationFn: fill(false) });
  const show = (request: Asked) => {
    setAsked(request);
    submit.reset();
    look.mutate(request);
  };
  const found = look.data;
  const wrong = submit.error ?? look.error;
  return (
    <section className="schedule-form" aria-label={words.title(schedule.schedule_id)}>
      <p className="faint">{words.what}</p>
      <Question zone={schedule.timezone} busy={look.isPending} onAsk={show} />
      {wrong && <Wrong error={wrong} />}
      {found && !submit.data && (
        <>
          <Preview found={found} zone={schedule.timezone} />
          {found.slots.length > 0 && asked && (
            <Button type="primary" loading={submit.isPending} onClick={() => submit.mutate(asked)}>
              {words.submit(found.slots.length)}
            </Button>
          )}
        </>
      )}
      {submit.data && <Progress runIds={submit.data.run_ids} job={schedule.job_id} />}
    </section>
  );
}

/** Which time, which slots of it, and how far apart. Days are those of the schedule's zone. */
function Question({ zone, busy, onAsk }: { zone: string; busy: boolean; onAsk: (asked: Asked) => void }) {
  const words = useWords(BACKFILL);
  const [now] = useState(() => Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
  const [from, setFrom] = useState(toWall(now - DAY_MS, zone));
  const [to, setTo] = useState(toWall(now, zone));
  const [order, setOrder] = useState<"oldest" | "newest">("oldest");
  const [limit, setLimit] = useState(100);
  const [minutes, setMinutes] = useState(0);
  const after = fromWall(from, zone);
  const before = fromWall(to, zone);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (after === null || before === null) return;
        const [first, end] = [after, before].map((each) => new Date(each).toISOString()) as [string, string];
        onAsk({ after: first, before: end, order, limit, spread_ms: minutes * MINUTE_MS });
      }}
    >
      <label>
        {words.after(zone)}
        <input type="datetime-local" required value={from} onChange={(event) => setFrom(event.target.value)} />
      </label>
      <label>
        {words.before(zone)}
        <input type="datetime-local" required value={to} onChange={(event) => setTo(event.target.value)} />
      </label>
      <label>
        {words.order}
        <select value={order} onChange={(event) => setOrder(event.target.value === "newest" ? "newest" : "oldest")}>
          <option value="oldest">{words.oldest}</option>
          <option value="newest">{words.newest}</option>
        </select>
      </label>
      <Whole label={words.limit} value={limit} min={1} max={1_000} onChange={setLimit} />
      <Whole label={words.spread} value={minutes} min={0} max={10_080} onChange={setMinutes} />
      <Button htmlType="submit" loading={busy}>
        {words.preview}
      </Button>
    </form>
  );
}

function Whole({
  label,
  value,
  min,
  max,
  onChange,
}: {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
}) {
  return (
    <label>
      {label}
      <input
        type="number"
        required
        min={min}
        max={max}
        value={Number.isNaN(value) ? "" : value}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
    </label>
  );
}

/** Exactly what would be submitted, before anything is. */
function Preview({ found, zone }: { found: Answer; zone: string }) {
  const words = useWords(BACKFILL);
  const { language } = useAppearance();
  const [first] = found.slots;
  const last = found.slots.at(-1);
  return (
    <div role="status">
      <p>
        <strong>{first ? words.count(found.slots.length) : words.nothing}</strong>
        {found.existing > 0 && <>; {words.existing(found.existing)}</>}
        {found.left > 0 && <>; {words.left(found.left)}</>}.
      </p>
      {first && last && (
        <Facts>
          <Fact name={words.first}>{wall(first, zone, language)}</Fact>
          <Fact name={words.lastSlot}>{wall(last, zone, language)}</Fact>
        </Facts>
      )}
    </div>
  );
}

/** How far the runs of a backfill are. Those that have ended are asked for no more. */
function Progress({ runIds, job }: { runIds: string[]; job: string }) {
  const words = useWords(BACKFILL);
  const [seen] = useState(() => new Map<string, Run>());
  const query = useQuery({
    queryKey: ["run", "backfill", runIds],
    refetchInterval: ({ state }) => (state.data?.done === runIds.length ? false : LOOK_MS),
    queryFn: async () => {
      const open = runIds.filter((id) => !over(seen.get(id))).slice(0, PARTS);
      if (open.length > 0) {
        const { items } = await body(api.GET("/runs", { params: { query: { run: open, limit: PARTS } } }));
        for (const run of items) seen.set(run.run_id, run);
      }
      const runs = [...seen.values()];
      const failed = runs.filter(({ status }) => status === "failed").length;
      return { done: runs.filter(over).length, failed, created: runs.map((run) => Date.parse(run.created_at)) };
    },
  });
  const { done, failed, created } = query.data ?? { done: 0, failed: 0, created: [] };
  const said = words.progress(done, runIds.length);
  return (
    <div role="status">
      <p>
        <progress max={runIds.length} value={done} aria-label={said} /> {said}
        {failed > 0 && <span className="status status-failed">, {words.failed(failed)}</span>}
      </p>
      <p>
        <Link href={`/runs?${madeThen(job, created)}`}>{words.seeRuns}</Link>
      </p>
    </div>
  );
}

function over(run: Run | undefined): boolean {
  return run !== undefined && ENDED.has(run.status);
}

/** The filters of a job's runs that were made at these moments: a backfill submits all of its own at once. */
function madeThen(job: string, created: number[]): URLSearchParams {
  const search = new URLSearchParams({ job });
  if (created.length === 0) return search;
  const [after, before] = [Math.min(...created), Math.max(...created) + 1];
  return withPeriod(search, "created", new Date(after).toISOString(), new Date(before).toISOString());
}
