/** Puts a group of failures aside until a moment. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { api } from "../../api/client";
import { of } from "../../api/live";
import { useMay } from "../../api/session";
import { useAppearance, useWords } from "../../appearance";
import { Ask } from "../../ui/ask";
import { fromWall, toWall } from "../../ui/wall";
import { FAILURES } from "../failures/words";

const HOUR_MS = 3_600_000;

export function Snooze({ groupId }: { groupId: string }) {
  const words = useWords(FAILURES);
  const needs = useWords().needsScope("operate");
  const may = useMay("operate");
  const [open, setOpen] = useState(false);
  return (
    <span className="act">
      <Button disabled={!may} title={may ? undefined : needs} onClick={() => setOpen(true)}>
        {words.snooze}
      </Button>
      {open && <SnoozeDialog groupId={groupId} onClose={() => setOpen(false)} />}
    </span>
  );
}

function SnoozeDialog({ groupId, onClose }: { groupId: string; onClose: () => void }) {
  const words = useWords(FAILURES);
  const { zone } = useAppearance();
  const queries = useQueryClient();
  const [until, setUntil] = useState(() => toWall(Date.now() + 24 * HOUR_MS, zone));
  const moment = fromWall(until, zone);
  const [why, setWhy] = useState("");
  const snooze = useMutation({
    mutationFn: (moment: number) =>
      api.POST("/failure-groups/{group_id}/snooze", {
        params: { path: { group_id: groupId } },
        body: { until: new Date(moment).toISOString(), why },
      }),
    onSuccess: () => {
      void queries.invalidateQueries(of("failure_group"));
      onClose();
    },
  });
  const later = (hours: number) => setUntil(toWall(Date.now() + hours * HOUR_MS, zone));
  return (
    <Ask
      title={words.snoozeTitle}
      word={words.snoozeTitle}
      disabled={moment === null}
      busy={snooze.isPending}
      error={snooze.error}
      onDo={() => moment !== null && snooze.mutate(moment)}
      onClose={onClose}
    >
      <div className="snooze-presets">
        {[1, 4].map((hours) => (
          <Button key={hours} size="small" onClick={() => later(hours)}>
            {words.inHours(hours)}
          </Button>
        ))}
        {[1, 7, 30].map((days) => (
          <Button key={days} size="small" onClick={() => later(24 * days)}>
            {words.inDays(days)}
          </Button>
        ))}
      </div>
      <Input
        type="datetime-local"
        aria-label={words.snoozeTitle}
        value={until}
        onChange={(event) => setUntil(event.target.value)}
      />
      <Input
        aria-label={words.why}
        placeholder={words.why}
        maxLength={500}
        value={why}
        onChange={(event) => setWhy(event.target.value)}
      />
      <p className="faint">
        {words.snoozeHelp} ({zone})
      </p>
    </Ask>
  );
}
