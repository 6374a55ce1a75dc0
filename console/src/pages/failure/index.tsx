/** One group of equal failures: what it is, what was said of it, its runs, and what can be done. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, Refusal, type Run } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { Act } from "../../ui/act";
import { BulkButton } from "../../ui/bulk/button";
import { Fact, Facts } from "../../ui/facts";
import { Heading } from "../../ui/heading";
import { Spark } from "../../ui/spark";
import { Found, Nothing } from "../../ui/states";
import { Moment } from "../../ui/time";
import { Verbatim } from "../../ui/verbatim";
import type { Group } from "../failures/model";
import { GroupStatus } from "../failures/status";
import { FAILURES } from "../failures/words";
import { Snooze } from "./snooze";
import "../failures/failures.css";
import "./failure.css";

const SAMPLES = 10;
const LOOK_MS = 5_000;
/** Over how many minutes a re-run is proposed to be spread. */
const SPREAD_MINUTES = 10;

export default function FailurePage({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["failure_group", id],
    refetchInterval: LOOK_MS,
    queryFn: () => body(api.GET("/failure-groups/{group_id}", { params: { path: { group_id: id } } })),
  });
  return <Found query={query}>{(group) => <Detail group={group} />}</Found>;
}

function Detail({ group }: { group: Group }) {
  const words = useWords(FAILURES);
  const { language } = useAppearance();
  const recent = group.recent.reduce((sum, each) => sum + each, 0);
  return (
    <>
      <p className="crumb">
        <Link href="/failures">← {words.failures}</Link>
      </p>
      <header className="page-head">
        <Heading title={group.error}>
          {group.error} <span className="failure-title">{group.title}</span>
        </Heading>
        <GroupStatus group={group} />
        <Actions group={group} />
      </header>
      <Facts>
        <Fact name={words.place}>
          <code>{group.place}</code>
        </Fact>
        <Fact name={words.count}>{group.count.toLocaleString(language)}</Fact>
        <Fact name={words.first}>
          <Moment at={group.first_failed_at} />
        </Fact>
        <Fact name={words.last}>
          <Moment at={group.last_failed_at} />
        </Fact>
        <Fact name={words.lastWeek}>
          <Spark values={group.recent} label={words.bars(recent)} tone="failed" />
        </Fact>
        <Fact name={words.jobs}>
          {group.jobs.map((job) => (
            <Link key={job.job_id} href={`/jobs/${encodeURIComponent(job.job_id)}`} className="group-job">
              {job.job_id} ({job.count.toLocaleString(language)})
            </Link>
          ))}
        </Fact>
        {group.said_at && (
          <Fact name={words.said}>
            {group.why && `“${group.why}” `}
            {words.by(group.by)} · <Moment at={group.said_at} />
          </Fact>
        )}
      </Facts>
      <h2>{words.trace}</h2>
      <Trace id={group.run_id} />
      <Samples group={group} />
    </>
  );
}

function Actions({ group }: { group: Group }) {
  const words = useWords(FAILURES);
  const path = { params: { path: { group_id: group.group_id } } };
  const topics = ["failure_group" as const];
  return (
    <div className="actions">
      <BulkButton
        main
        word={words.rerun}
        act="retry"
        wanted={{ failure_group: [group.group_id], dead_letters: true }}
        minutes={SPREAD_MINUTES}
      />
      {group.status === "open" ? (
        <>
          <Act
            size="middle"
            word={words.resolve}
            label={words.resolve}
            topics={topics}
            act={() => api.POST("/failure-groups/{group_id}/resolve", path)}
          />
          <Snooze groupId={group.group_id} />
        </>
      ) : (
        <Act
          size="middle"
          word={words.reopen}
          label={words.reopen}
          topics={topics}
          act={() => api.POST("/failure-groups/{group_id}/reopen", path)}
        />
      )}
    </div>
  );
}

/** The newest of its runs may be gone while the group still counts. */
function Trace({ id }: { id: string }) {
  const words = useWords(FAILURES);
  const query = useQuery({
    queryKey: ["run", id],
    queryFn: () => body(api.GET("/runs/{run_id}", { params: { path: { run_id: id } } })),
  });
  if (query.error instanceof Refusal && query.error.problem.status === 404) return <Nothing title={words.noTrace} />;
  return (
    <Found query={query} rows={6}>
      {(run) => <Verbatim name={words.trace}>{run.error?.traceback || run.error?.message || ""}</Verbatim>}
    </Found>
  );
}

function Samples({ group }: { group: Group }) {
  const words = useWords(FAILURES);
  const query = useQuery({
    queryKey: [["run", "dead_letter"], "group", group.group_id],
    queryFn: () => {
      const params = { path: { group_id: group.group_id }, query: { limit: SAMPLES } };
      return body(api.GET("/failure-groups/{group_id}/runs", { params }));
    },
  });
  return (
    <>
      <h2>{words.samples}</h2>
      <Found query={query} rows={4}>
        {(page) => (page.items.length ? <SampleTable runs={page.items} /> : <Nothing title={words.noSamples} />)}
      </Found>
      <p>
        <Link href={`/runs?failure_group=${encodeURIComponent(group.group_id)}`}>{words.allRuns}</Link>
      </p>
    </>
  );
}

function SampleTable({ runs }: { runs: Run[] }) {
  const words = useWords(FAILURES);
  const common = useWords();
  return (
    <div className="scroll">
      <table className="rows">
        <thead>
          <tr>
            <th>{common.run}</th>
            <th>{common.job}</th>
            <th>{common.finished}</th>
            <th className="number">{common.attempt}</th>
            <th>{words.resolution}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.run_id}>
              <td>
                <Link href={`/runs/${run.run_id}`} className="mono">
                  {run.run_id}
                </Link>
              </td>
              <td>{run.job_id}</td>
              <td>
                <Moment at={run.finished_at} />
              </td>
              <td className="number">{run.attempt}</td>
              <td>
                <Since run={run} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Since({ run }: { run: Run }) {
  const words = useWords(FAILURES);
  if (run.resolution === null) return <>{words.waits}</>;
  if (run.resolution.run_id) return <Link href={`/runs/${run.resolution.run_id}`}>{words[run.resolution.how]}</Link>;
  return <>{words[run.resolution.how]}</>;
}
