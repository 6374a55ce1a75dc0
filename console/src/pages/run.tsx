/** One run: how it stands and why, what it said, what went in and came out. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Popconfirm } from "antd";
import { Link, useLocation } from "wouter";
import { api, body, type RunDetail } from "../api/client";
import { useWords } from "../appearance";
import { LogView } from "../ui/log";
import { Found, Wrong } from "../ui/states";
import { Status } from "../ui/status";
import { Lasting, Moment } from "../ui/time";

const ENDED = new Set<RunDetail["status"]>(["completed", "failed", "cancelled", "skipped"]);
const WAITING = new Set<RunDetail["status"]>(["scheduled", "blocked", "ready"]);

export default function RunPage({ id }: { id: string }) {
  const path = { params: { path: { run_id: id } } };
  const query = useQuery({ queryKey: ["run", id], queryFn: () => body(api.GET("/runs/{run_id}", path)) });
  return <Found query={query}>{(run) => <Detail run={run} />}</Found>;
}

function Detail({ run }: { run: RunDetail }) {
  const words = useWords();
  return (
    <>
      <header className="page-head">
        <h1>
          <Link href={`/runs?job=${encodeURIComponent(run.job_id)}`}>{run.job_id}</Link>
        </h1>
        <Status state={run.status} />
        <code>{run.run_id}</code>
        <Actions run={run} />
      </header>
      {run.error && (
        <section className="failure">
          <h2>
            {run.error.type || run.error.code}: {run.error.message}
          </h2>
          {run.error.traceback && (
            <details open>
              <summary>{words.traceback}</summary>
              <pre>{run.error.traceback}</pre>
            </details>
          )}
        </section>
      )}
      {WAITING.has(run.status) && <Why id={run.run_id} />}
      <dl className="facts">
        <Fact name={words.created}>
          <Moment at={run.created_at} />
        </Fact>
        <Fact name={words.started}>
          <Moment at={run.started_at} />
        </Fact>
        <Fact name={words.finished}>
          <Moment at={run.finished_at} />
        </Fact>
        <Fact name={words.took}>
          <Lasting from={run.started_at} to={run.finished_at} />
        </Fact>
        <Fact name={words.attempt}>{run.attempt || "–"}</Fact>
        <Fact name={words.queue}>{run.queue}</Fact>
        <Fact name={words.priority}>{run.priority}</Fact>
        <Fact name={words.cause}>{run.cause}</Fact>
        <Fact name={words.worker}>{run.worker_id ?? "–"}</Fact>
      </dl>
      <h2>{words.logs}</h2>
      <LogView runId={run.run_id} ended={ENDED.has(run.status)} />
      <div className="pair">
        <section>
          <h2>{words.input}</h2>
          <pre>{JSON.stringify(run.inputs, null, 2)}</pre>
        </section>
        <section>
          <h2>{words.result}</h2>
          <pre>{run.result === undefined ? "–" : JSON.stringify(run.result, null, 2)}</pre>
        </section>
      </div>
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What holds a run back, in the server's words. */
function Why({ id }: { id: string }) {
  const words = useWords();
  const query = useQuery({
    queryKey: ["run", id, "explain"],
    queryFn: () => body(api.GET("/runs/{run_id}/explain", { params: { path: { run_id: id } } })),
  });
  return (
    <section className="why">
      <h2>{words.why}</h2>
      <Found query={query} rows={1}>
        {(said) => <p>{said.message}</p>}
      </Found>
    </section>
  );
}

function Actions({ run }: { run: RunDetail }) {
  const words = useWords();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const path = { params: { path: { run_id: run.run_id } } };
  const again = () => void queries.invalidateQueries({ queryKey: ["run"] });
  const retry = useMutation({
    mutationFn: () => body(api.POST("/runs/{run_id}/retry", path)),
    onSuccess: (next) => go(`/runs/${next.run_id}`),
  });
  const cancel = useMutation({ mutationFn: () => body(api.POST("/runs/{run_id}/cancel", path)), onSuccess: again });
  const failed = retry.error ?? cancel.error;
  return (
    <div className="actions">
      {ENDED.has(run.status) ? (
        <Button type="primary" loading={retry.isPending} onClick={() => retry.mutate()}>
          {words.retry}
        </Button>
      ) : (
        <Popconfirm title={words.cancelAsk} onConfirm={() => cancel.mutate()} okText={words.cancel}>
          <Button danger loading={cancel.isPending}>
            {words.cancel}
          </Button>
        </Popconfirm>
      )}
      {failed && <Wrong error={failed} />}
    </div>
  );
}
