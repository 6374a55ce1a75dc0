/** What is known of a run in short, with the ways to what it belongs to. */

import { Link } from "wouter";
import type { RunDetail } from "../../api/client";
import { useWords } from "../../appearance";
import { Fact, Facts } from "../../ui/facts";
import { Moment, Took } from "../../ui/time";
import { RUN } from "./words";

export function RunFacts({ run }: { run: RunDetail }) {
  const common = useWords();
  const words = useWords(RUN);
  const { progress } = run;
  return (
    <Facts>
      <Fact name={common.created}>
        <Moment at={run.created_at} />
      </Fact>
      <Fact name={common.started}>
        <Moment at={run.started_at} />
      </Fact>
      <Fact name={common.took}>
        <Took run={run} />
      </Fact>
      <Fact name={common.attempt}>{run.attempt || "–"}</Fact>
      {progress && (
        <Fact name={words.progress}>
          {progress.total ? (
            <>
              <progress value={progress.done} max={progress.total} aria-label={words.progress} /> {progress.done} /{" "}
              {progress.total}
            </>
          ) : (
            progress.done
          )}
        </Fact>
      )}
      <Fact name={words.version}>{run.job_version || "–"}</Fact>
      <Fact name={common.queue}>
        <Link href="/queues">{run.queue}</Link>
      </Fact>
      <Fact name={common.priority}>{run.priority}</Fact>
      <Fact name={words.cause}>{run.cause}</Fact>
      {run.schedule_id && (
        <Fact name={words.schedule}>
          <Link href="/schedules">{run.schedule_id}</Link>
        </Fact>
      )}
      {run.lanes.length > 0 && (
        <Fact name={words.lanes}>
          <Link href="/queues">{run.lanes.join(", ")}</Link>
        </Fact>
      )}
      {run.worker_id && (
        <Fact name={common.worker}>
          <Link href="/queues" className="mono">
            {run.worker_id}
          </Link>
        </Fact>
      )}
      {run.retry_of && (
        <Fact name={words.retryOf}>
          <Link href={`/runs/${run.retry_of}`} className="mono">
            {run.retry_of}
          </Link>
        </Fact>
      )}
      {run.trace_id && (
        <Fact name={common.trace}>
          <code>{run.trace_id}</code>
        </Fact>
      )}
      {run.cancel_requested_at && !run.finished_at && (
        <Fact name={words.cancelAsked}>
          <Moment at={run.cancel_requested_at} />
        </Fact>
      )}
    </Facts>
  );
}
