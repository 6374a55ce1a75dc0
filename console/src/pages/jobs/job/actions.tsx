/** What can be done with a job: start it, switch it, change it, delete it. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, body, Refusal, type Schemas } from "../../../api/client";
import { of } from "../../../api/live";
import { useMay } from "../../../api/session";
import { useWords } from "../../../appearance";
import { Ask } from "../../../ui/ask";
import { Wrong } from "../../../ui/states";
import { switchJob } from "../switching";
import { JOB, JOBS } from "../words";
import "../control.css";
import { StartDialog } from "./starting";

export function Actions({ job }: { job: Schemas["Job"] }) {
  const words = { ...useWords(), ...useWords(JOBS), ...useWords(JOB) };
  const [, go] = useLocation();
  const queries = useQueryClient();
  const mayOperate = useMay("operate");
  const mayWrite = useMay("write");
  const [open, setOpen] = useState<"start" | "delete">();
  const turn = useMutation({
    mutationFn: () => switchJob(job.job_id, !job.enabled),
    onSettled: () => queries.invalidateQueries(of("job")),
  });
  return (
    <div className="actions buttons">
      {mayOperate && (
        <>
          <Button type="primary" onClick={() => setOpen("start")}>
            ▶ {words.runNow}
          </Button>
          <Button loading={turn.isPending} onClick={() => turn.mutate()}>
            {job.enabled ? words.disable : words.enable}
          </Button>
        </>
      )}
      {mayWrite && (
        <>
          <Button onClick={() => go(`/jobs/${job.job_id}/edit`)}>{words.edit}</Button>
          <Button danger onClick={() => setOpen("delete")}>
            {words.delete}
          </Button>
        </>
      )}
      {turn.error && <Wrong error={turn.error} />}
      {open === "start" && <StartDialog job={job} onClose={() => setOpen(undefined)} />}
      {open === "delete" && <DeleteDialog job={job} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

function DeleteDialog({ job, onClose }: { job: Schemas["Job"]; onClose: () => void }) {
  const words = useWords(JOB);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const path = { path: { job_id: job.job_id }, header: { "if-match": `"${job.version}"` } };
  const remove = useMutation({
    mutationFn: () => body(api.DELETE("/jobs/{job_id}", { params: path })),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ["job", job.job_id] });
      go("/jobs");
    },
  });
  return (
    <Ask
      danger
      title={words.deleteAsk(job.name)}
      word={words.delete}
      busy={remove.isPending}
      error={beyondStale(remove.error)}
      onDo={() => remove.mutate()}
      onClose={onClose}
    >
      <p>
        <code>{job.job_id}</code>
      </p>
      <p>{words.deleteEffect}</p>
      {isStale(remove.error) && <p className="fault">✕ {words.changedMeanwhile}</p>}
    </Ask>
  );
}

/** Whether somebody else has changed the job since it was read. */
export function isStale(error: Error | null): boolean {
  return error instanceof Refusal && error.problem.code === "stale_version";
}

export function beyondStale(error: Error | null): Error | null {
  return isStale(error) ? null : error;
}
