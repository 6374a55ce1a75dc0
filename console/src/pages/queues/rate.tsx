/** How often runs of a queue may start. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { of } from "../../api/live";
import { useMay } from "../../api/session";
import { useAppearance, useWords } from "../../appearance";
import { Ask, NumberField } from "../../ui/ask";
import type { Language } from "../../words";
import { joinWindow, type Queue, splitWindow, type Unit } from "./model";
import { QUEUES } from "./words";

type Rate = Schemas["RateDocument"] | null;

function saidRate(rate: Rate, language: Language): string | null {
  if (!rate) return null;
  const { length, unit } = splitWindow(rate.window_sec);
  return `${rate.runs.toLocaleString(language)} / ${length === 1 ? "" : `${length} `}${unit}`;
}

export function EditRate({ queue }: { queue: Queue }) {
  const words = useWords(QUEUES);
  const common = useWords();
  const { language } = useAppearance();
  const may = useMay("write");
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="link"
        disabled={!may}
        title={may ? words.editRate : common.needsScope("write")}
        aria-label={`${words.editRate} ${queue.name}: ${saidRate(queue.rate, language) ?? words.unlimited}`}
        onClick={() => setOpen(true)}
      >
        {saidRate(queue.rate, language) ?? words.unlimited}
      </button>
      {open && <RateDialog queue={queue} onClose={() => setOpen(false)} />}
    </>
  );
}

function RateDialog({ queue, onClose }: { queue: Queue; onClose: () => void }) {
  const words = useWords(QUEUES);
  const common = useWords();
  const queries = useQueryClient();
  const [limited, setLimited] = useState(queue.rate !== null);
  const [runs, setRuns] = useState(queue.rate?.runs ?? 100);
  const [window, setWindow] = useState(splitWindow(queue.rate?.window_sec ?? 60));
  const rate = limited ? { runs, window_sec: joinWindow(window.length, window.unit) } : null;
  const save = useMutation({
    mutationFn: () => api.PUT("/queues/{name}", { params: { path: { name: queue.name } }, body: { rate } }),
    onSuccess: () => {
      void queries.invalidateQueries(of("queue"));
      onClose();
    },
  });
  return (
    <Ask
      title={words.rateOf(queue.name)}
      word={common.save}
      busy={save.isPending}
      error={save.error}
      onDo={() => save.mutate()}
      onClose={onClose}
    >
      <label>
        <input type="checkbox" checked={limited} onChange={(event) => setLimited(event.target.checked)} />
        {words.limited}
      </label>
      <div className="asked-line">
        <NumberField label={words.runs} min={1} value={runs} disabled={!limited} onChange={setRuns} />
        {words.runsIn}
        <NumberField
          label={words.windowLength}
          min={0.001}
          step="any"
          value={window.length}
          disabled={!limited}
          onChange={(length) => setWindow({ ...window, length })}
        />
        <select
          aria-label={words.unit}
          value={window.unit}
          disabled={!limited}
          onChange={(event) => setWindow({ ...window, unit: event.target.value as Unit })}
        >
          {(["s", "min", "h"] as const).map((unit) => (
            <option key={unit}>{unit}</option>
          ))}
        </select>
      </div>
      <p className="faint">{words.rateHelp}</p>
    </Ask>
  );
}
