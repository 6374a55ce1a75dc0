/** Workers and the other processes: who is there, what they can do, and what they do now. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Run } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { Act } from "../../ui/act";
import { useAddress } from "../../ui/address";
import { Filters } from "../../ui/filters";
import { relative } from "../../ui/relative";
import { Found, Nothing } from "../../ui/states";
import { Moment } from "../../ui/time";
import { Badge } from "./badge";
import { inOrder, runsByWorker, type Worker } from "./model";
import { QUEUES, ROLES } from "./words";

/** Heartbeats make no events. */
const LOOK_MS = 5_000;
const MOST_RUNS = 200;
const SHOWN = 3;

export function useWorkers() {
  return useQuery({
    queryKey: ["worker", "list"],
    refetchInterval: LOOK_MS,
    queryFn: async () => (await body(api.GET("/workers"))).items,
  });
}

export function Workers() {
  const words = useWords(QUEUES);
  const common = useWords();
  const { told, change } = useAddress();
  const gone = told("gone") === "1";
  const query = useWorkers();
  const running = useQuery({
    queryKey: ["run", "running"],
    queryFn: () => body(api.GET("/runs", { params: { query: { status: ["running"], limit: MOST_RUNS } } })),
  });
  const runs = runsByWorker(running.data?.items ?? []);
  return (
    <>
      <Filters>
        <label>
          <input
            type="checkbox"
            checked={gone}
            onChange={(event) => change({ gone: event.target.checked ? "1" : null })}
          />{" "}
          {words.showGone}
        </label>
      </Filters>
      <Found query={query} rows={4}>
        {(all) => {
          const shown = inOrder(all).filter((worker) => gone || worker.status !== "stopped");
          if (all.length === 0) return <Nothing title={common.nothingYet}>{words.noWorkers}</Nothing>;
          if (shown.length === 0) return <Nothing title={common.nothingMatches}>{words.allStopped}</Nothing>;
          return <Table workers={shown} runs={runs} />;
        }}
      </Found>
    </>
  );
}

function Table({ workers, runs }: { workers: Worker[]; runs: Map<string, Run[]> }) {
  const words = useWords(QUEUES);
  const common = useWords();
  return (
    <div className="scroll">
      <table className="rows">
        <thead>
          <tr>
            <th>{words.process}</th>
            <th>{common.status}</th>
            <th className="number">{words.heartbeat}</th>
            <th>{words.slots}</th>
            <th>{words.runsNow}</th>
            <th>{words.takesFrom}</th>
            <th>{words.tags}</th>
            <th>{words.version}</th>
            <th>{words.actions}</th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <Row key={worker.worker_id} worker={worker} runs={runs.get(worker.worker_id) ?? []} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ worker, runs }: { worker: Worker; runs: Run[] }) {
  const words = useWords(QUEUES);
  const roles = useWords(ROLES);
  const gone = worker.status === "lost" || worker.status === "stopped";
  const isWorker = worker.role === "worker";
  return (
    <tr>
      <th scope="row" className="two-lines">
        {worker.host} <span className="faint">{roles[worker.role]}</span>
        <code className="faint">{worker.worker_id}</code>
      </th>
      <td>
        <Badge how={worker.status} />
      </td>
      <td className="number">{gone ? <Moment at={worker.seen_at} /> : <Heartbeat at={worker.seen_at} />}</td>
      <td>{isWorker ? <Slots used={worker.running} total={worker.slots} /> : "–"}</td>
      <td>
        {runs.slice(0, SHOWN).map((run) => (
          <Link key={run.run_id} href={`/runs/${run.run_id}`} className="run-now" title={run.run_id}>
            {run.job_id}
          </Link>
        ))}
        {runs.length > SHOWN && <span className="faint">+{runs.length - SHOWN}</span>}
        {runs.length === 0 && <span className="faint">–</span>}
      </td>
      <td className="cell-cut cell-cut-short" title={worker.queues.join(", ")}>
        {!isWorker ? "–" : worker.queues.join(", ") || words.allQueues}
      </td>
      <td className="cell-cut cell-cut-short" title={worker.tags.join(", ")}>
        {worker.tags.join(", ") || "–"}
      </td>
      <td>{worker.version}</td>
      <td>{isWorker && !gone && <Tell worker={worker} />}</td>
    </tr>
  );
}

function Heartbeat({ at }: { at: string }) {
  const { language } = useAppearance();
  return <>{relative(Math.min(Date.parse(at) - Date.now(), 0), language)}</>;
}

function Slots({ used, total }: { used: number; total: number }) {
  return (
    <span className="slots">
      <meter min={0} max={Math.max(total, 1)} value={used} aria-hidden="true" />
      {used} / {total}
    </span>
  );
}

function Tell({ worker }: { worker: Worker }) {
  const words = useWords(QUEUES);
  const path = { params: { path: { worker_id: worker.worker_id } } };
  const name = `${worker.host} ${worker.worker_id}`;
  const verb = (word: string, what: "drain" | "disable" | "enable") => ({
    word,
    label: `${word} ${name}`,
    act: () => api.POST(`/workers/{worker_id}/${what}`, path),
    topics: ["worker" as const],
    scope: "write" as const,
  });
  if (worker.status === "draining") return null;
  return (
    <>
      {worker.status === "disabled" ? (
        <Act {...verb(words.enable, "enable")} />
      ) : (
        <Act
          {...verb(words.disable, "disable")}
          ask={{ title: words.disableAsk(name, worker.running), effect: words.disableEffect }}
        />
      )}
      <Act
        {...verb(words.drain, "drain")}
        danger
        ask={{ title: words.drainWorkerAsk(name, worker.running), effect: words.drainWorkerEffect }}
      />
    </>
  );
}
