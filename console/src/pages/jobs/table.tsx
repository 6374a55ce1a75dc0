/** The rows of the jobs, each with its switch and its start. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Switch } from "antd";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../api/client";
import { of } from "../../api/live";
import { useMay } from "../../api/session";
import { useAppearance, useWords } from "../../appearance";
import { percent } from "../../ui/percent";
import { When } from "../../ui/schedule";
import { Wrong } from "../../ui/states";
import { Strip } from "../../ui/strip";
import { duration, Moment } from "../../ui/time";
import type { Language } from "../../words";
import { p95 } from "./figures";
import { switchJob } from "./switching";
import { JOBS } from "./words";

type Summary = Schemas["JobSummary"];

export function JobTable({ jobs, onTag }: { jobs: Summary[]; onTag: (tag: string) => void }) {
  const { language } = useAppearance();
  const words = { ...useWords(), ...useWords(JOBS) };
  const mayOperate = useMay("operate");
  const run = useMutation({
    mutationFn: (id: string) =>
      body(api.POST("/jobs/{job_id}/run", { params: { path: { job_id: id } }, body: {} as never })),
  });
  return (
    <>
      <p role="status" className="told">
        {run.data && (
          <>
            {words.accepted} <Link href={`/runs/${run.data.run_id}`}>{run.data.run_id}</Link>
          </>
        )}
      </p>
      {run.error && <Wrong error={run.error} />}
      <div className="scroll">
        <table className="rows">
          <thead>
            <tr>
              <th>{words.job}</th>
              <th>{words.schedule}</th>
              <th>{words.outcomes}</th>
              <th className="number">{words.success}</th>
              <th className="number" title={words.p95Title}>
                {words.p95}
              </th>
              <th>{words.next}</th>
              <th>{words.enabled}</th>
              <th>
                <span className="hidden">{words.runNow}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <tr key={job.job_id}>
                <td className="job-and-tags">
                  <Link href={`/jobs/${job.job_id}`}>{job.name}</Link>
                  {job.tags.map((tag) => (
                    <button key={tag} type="button" className="tag" onClick={() => onTag(tag)}>
                      {tag}
                    </button>
                  ))}
                </td>
                <td>
                  <When words={job.when} />
                </td>
                <td>
                  <Strip runs={job.recent} />
                </td>
                <td className="number">{job.success_rate === null ? "–" : percent(job.success_rate, language)}</td>
                <td className="number">{longest(job, language)}</td>
                <td>
                  <Moment at={job.enabled ? job.next_run_at : null} />
                </td>
                <td>
                  <Enabled job={job} />
                </td>
                <td className="number">
                  <Button
                    size="small"
                    disabled={!mayOperate}
                    title={mayOperate ? undefined : words.needsScope("operate")}
                    aria-label={words.runJob(job.name)}
                    loading={run.isPending && run.variables === job.job_id}
                    onClick={() => run.mutate(job.job_id)}
                  >
                    ▶
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function longest({ recent }: Summary, language: Language): string {
  const length = p95(recent);
  return length === undefined ? "–" : duration(length, language);
}

function Enabled({ job }: { job: Summary }) {
  const words = { ...useWords(), ...useWords(JOBS) };
  const mayOperate = useMay("operate");
  const queries = useQueryClient();
  const turn = useMutation({
    mutationFn: (on: boolean) => switchJob(job.job_id, on),
    onSettled: () => queries.invalidateQueries(of("job")),
  });
  return (
    <Switch
      size="small"
      checked={job.enabled}
      disabled={!mayOperate}
      loading={turn.isPending}
      aria-label={job.enabled ? words.disableJob(job.name) : words.enableJob(job.name)}
      onChange={(on) => turn.mutate(on)}
    />
  );
}
