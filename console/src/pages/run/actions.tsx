/** What can be done about a run: again, again with other input, and no more. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, body, type RunDetail } from "../../api/client";
import { of } from "../../api/live";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { Ask } from "../../ui/ask";
import { Wrong } from "../../ui/states";
import { EditRetry } from "./edit-retry";
import { RUN } from "./words";

const ENDED = new Set<RunDetail["status"]>(["completed", "failed", "cancelled", "skipped"]);

export function Actions({ run }: { run: RunDetail }) {
  const common = useWords();
  const words = useWords(RUN);
  const may = useMay("operate");
  const [open, setOpen] = useState<"edit" | "cancel" | null>(null);
  const [, go] = useLocation();
  const retry = useMutation({
    mutationFn: () => body(api.POST("/runs/{run_id}/retry", { params: { path: { run_id: run.run_id } } })),
    onSuccess: (next) => go(`/runs/${next.run_id}`),
  });
  const why = may ? undefined : common.needsScope("operate");
  const close = () => setOpen(null);
  return (
    <div className="actions">
      {ENDED.has(run.status) ? (
        <>
          <Button disabled={!may} title={why} onClick={() => setOpen("edit")}>
            {words.editRetry}
          </Button>
          <Button type="primary" disabled={!may} title={why} loading={retry.isPending} onClick={() => retry.mutate()}>
            {common.retry}
          </Button>
        </>
      ) : (
        <Button
          danger
          disabled={!may || run.cancel_requested_at !== null}
          title={why}
          onClick={() => setOpen("cancel")}
        >
          {common.cancel}
        </Button>
      )}
      {retry.error && <Wrong error={retry.error} />}
      {open === "edit" && <EditRetry run={run} onClose={close} />}
      {open === "cancel" && <CancelDialog run={run} onClose={close} />}
    </div>
  );
}

function CancelDialog({ run, onClose }: { run: RunDetail; onClose: () => void }) {
  const words = useWords(RUN);
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => body(api.POST("/runs/{run_id}/cancel", { params: { path: { run_id: run.run_id } } })),
    onSuccess: () => {
      void queries.invalidateQueries(of("run"));
      onClose();
    },
  });
  return (
    <Ask
      title={words.cancelTitle(run.job_id)}
      word={words.cancelRun}
      danger
      busy={cancel.isPending}
      error={cancel.error}
      onDo={() => cancel.mutate()}
      onClose={onClose}
    >
      <p>
        <code>{run.run_id}</code>
      </p>
      <p>{run.status === "running" ? words.cancelRunning : words.cancelWaiting}</p>
    </Ask>
  );
}
