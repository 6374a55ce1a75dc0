/** One job: how it stands, when it runs, how it went, what hangs on it, and what it says. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, Suspense } from "react";
import { Link, useSearchParams } from "wouter";
import { api, body, type Schemas } from "../../../api/client";
import { useAppearance, useWords } from "../../../appearance";
import { Heading } from "../../../ui/heading";
import { part } from "../../../ui/part";
import { Fires, When } from "../../../ui/schedule";
import { Found, Skeleton } from "../../../ui/states";
import { Status } from "../../../ui/status";
import { Tabs } from "../../../ui/tabs";
import { duration, Moment, Took } from "../../../ui/time";
import { JOB, JOBS, PRIORITIES } from "../words";
import { Actions } from "./actions";
import { Failures } from "./failures";
import { Dependencies } from "./graph";
import { OutcomeGrid } from "./grid";
import "./job.css";

/** These bring the reader of YAML. */
const Definition = part(() => import("./definition"));
const Versions = part(() => import("./versions"));

const TABS = ["overview", "definition", "versions"] as const;
const RECENT = 10;

export default function JobPage({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["job", id],
    queryFn: () => body(api.GET("/jobs/{job_id}", { params: { path: { job_id: id } } })),
  });
  return <Found query={query}>{(job) => <Detail job={job} />}</Found>;
}

function Detail({ job }: { job: Schemas["Job"] }) {
  const words = { ...useWords(JOBS), ...useWords(JOB) };
  const [search] = useSearchParams();
  const tab = TABS.find((each) => each === search.get("tab")) ?? "overview";
  return (
    <>
      <header className="page-head">
        <Heading title={job.name}>{job.name}</Heading>
        {job.name !== job.job_id && <code>{job.job_id}</code>}
        <span className={job.enabled ? "enabled" : "faint"}>
          {job.enabled ? `● ${words.enabled}` : `‖ ${words.disabled}`}
        </span>
        <Actions job={job} />
      </header>
      {job.description && <p className="description">{job.description}</p>}
      <Tabs
        label={words.views}
        here={tab}
        tabs={TABS.map((name) => ({
          name,
          word: words[name],
          to: name === "overview" ? `/jobs/${job.job_id}` : `/jobs/${job.job_id}?tab=${name}`,
        }))}
      />
      <Suspense fallback={<Skeleton rows={8} />}>
        {tab === "overview" && <Overview job={job} />}
        {tab === "definition" && <Definition id={job.job_id} />}
        {tab === "versions" && <Versions job={job} />}
      </Suspense>
    </>
  );
}

function Overview({ job }: { job: Schemas["Job"] }) {
  const { language } = useAppearance();
  const words = { ...useWords(), ...useWords(JOB) };
  const priorities = useWords(PRIORITIES);
  const program = job.executor?.script ?? job.executor?.argv?.join(" ") ?? job.type;
  return (
    <div className="job-columns">
      <div>
        <h2>{words.attempts}</h2>
        <OutcomeGrid id={job.job_id} />
        <h2>{words.recentRuns}</h2>
        <Recent id={job.job_id} />
        <h2>{words.dependencies}</h2>
        <Dependencies id={job.job_id} />
      </div>
      <aside>
        <h2>{words.nextFires}</h2>
        <Coming id={job.job_id} />
        <h2>{words.failures}</h2>
        <Failures id={job.job_id} />
        <h2>{words.details}</h2>
        <dl className="job-facts">
          <Fact name={words.runs}>
            <code>{program.split("\n")[0]}</code>
          </Fact>
          <Fact name={words.queue}>
            <Link href="/queues">{job.queue}</Link>
          </Fact>
          <Fact name={words.priority}>{priorities[job.priority]}</Fact>
          <Fact name={words.timeout}>{job.timeout_ms ? duration(job.timeout_ms, language) : "–"}</Fact>
          <Fact name={words.retries}>{job.retry_policy.max_retry ?? 0}</Fact>
          {job.tags.length > 0 && <Fact name={words.tags}>{job.tags.join(", ")}</Fact>}
          <Fact name={words.version}>{job.version}</Fact>
          <Fact name={words.changed}>
            <Moment at={job.updated_at} />
          </Fact>
          <Fact name={words.definedIn}>{job.source}</Fact>
        </dl>
      </aside>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** The schedules of a job, its own and those of a file, each in words with its next fires. */
function Coming({ id }: { id: string }) {
  const words = useWords(JOB);
  const query = useQuery({
    queryKey: ["schedule", "of", id],
    queryFn: () => body(api.GET("/schedules", { params: { query: { job: id } } })),
  });
  return (
    <Found query={query} rows={3}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="faint">{words.neverFires}</p>
        ) : (
          items.map((schedule) => <NextFires key={schedule.schedule_id} schedule={schedule} />)
        )
      }
    </Found>
  );
}

function NextFires({ schedule }: { schedule: Schemas["Schedule"] }) {
  const words = useWords(JOB);
  const { schedule_id, next_at } = schedule;
  const query = useQuery({
    // What fires next has changed as soon as one has fired.
    queryKey: ["schedule", schedule_id, "next", next_at],
    queryFn: () => body(api.GET("/schedules/{schedule_id}/next", { params: { path: { schedule_id } } })),
  });
  return (
    <>
      <p>
        <When words={schedule.when} /> {schedule.paused && <em>({words.paused})</em>}
      </p>
      {schedule.active && (
        <Found query={query} rows={5}>
          {({ fires, timezone }) => <Fires fires={fires} timezone={timezone} />}
        </Found>
      )}
    </>
  );
}

function Recent({ id }: { id: string }) {
  const words = { ...useWords(), ...useWords(JOB) };
  const query = useQuery({
    queryKey: ["run", "of", id],
    queryFn: () => body(api.GET("/runs", { params: { query: { job: [id], limit: RECENT } } })),
  });
  return (
    <Found query={query} rows={4}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="faint">{words.noRuns}</p>
        ) : (
          <>
            <div className="scroll">
              <table className="rows">
                <thead>
                  <tr>
                    <th>{words.status}</th>
                    <th>{words.run}</th>
                    <th>{words.created}</th>
                    <th className="number">{words.took}</th>
                    <th className="number">{words.attempt}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((run) => (
                    <tr key={run.run_id}>
                      <td>
                        <Status state={run.status} />
                      </td>
                      <td>
                        <Link href={`/runs/${run.run_id}`} className="mono">
                          {run.run_id}
                        </Link>
                      </td>
                      <td>
                        <Moment at={run.created_at} />
                      </td>
                      <td className="number">
                        <Took run={run} />
                      </td>
                      <td className="number">{run.attempt || "–"}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <p>
              <Link href={`/runs?job=${encodeURIComponent(id)}`}>{words.allRuns}</Link>
            </p>
          </>
        )
      }
    </Found>
  );
}
