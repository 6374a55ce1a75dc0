/** What follows from how queues and workers stand. */

import type { Run, Schemas } from "../../api/client";
import type { Language } from "../../words";

export type Queue = Schemas["Queue"];
export type Worker = Schemas["Worker"];

export type Standing = "open" | "paused" | "draining" | "drained" | "paced" | "untaken";

/** How a queue stands: what it was told, else why its ready runs do not start. */
export function standing(queue: Queue, workers: Worker[] | undefined): Standing {
  if (queue.drained) return "drained";
  if (queue.status !== "open") return queue.status;
  if (queue.ready && workers && !workers.some((worker) => takesFrom(worker, queue.name))) return "untaken";
  return queue.ready && queue.next_at ? "paced" : "open";
}

function takesFrom(worker: Worker, queue: string): boolean {
  return (
    worker.role === "worker" && worker.status === "online" && (!worker.queues.length || worker.queues.includes(queue))
  );
}

/** A number that counting may have broken off at. */
export function counted(count: number, queue: Queue, language: Language): string {
  const most = Math.max(queue.ready, queue.scheduled, queue.blocked, queue.running);
  return `${count.toLocaleString(language)}${queue.at_least && count === most ? "+" : ""}`;
}

const UNITS = { s: 1, min: 60, h: 3_600 } as const;
export type Unit = keyof typeof UNITS;

/** A rate's window in the largest unit in which it is a whole number: 90 s, 5 min, 1 h. */
export function splitWindow(seconds: number): { length: number; unit: Unit } {
  const unit = (["h", "min"] as const).find((each) => seconds >= UNITS[each] && seconds % UNITS[each] === 0) ?? "s";
  return { length: seconds / UNITS[unit], unit };
}

export function joinWindow(length: number, unit: Unit): number {
  return length * UNITS[unit];
}

export function runsByWorker(runs: Run[]): Map<string, Run[]> {
  const found = new Map<string, Run[]>();
  for (const run of runs) if (run.worker_id) found.set(run.worker_id, [...(found.get(run.worker_id) ?? []), run]);
  return found;
}

const ORDER: Worker["status"][] = ["online", "draining", "disabled", "lost", "stopped"];

/** Those in service first, workers before the other processes, then by host. */
export function inOrder(workers: Worker[]): Worker[] {
  const place = (worker: Worker) =>
    [ORDER.indexOf(worker.status), worker.role === "worker" ? 0 : 1, worker.host, worker.worker_id] as const;
  return workers
    .map((worker) => ({ worker, at: place(worker) }))
    .sort(
      (a, b) =>
        a.at[0] - b.at[0] || a.at[1] - b.at[1] || a.at[2].localeCompare(b.at[2]) || a.at[3].localeCompare(b.at[3]),
    )
    .map(({ worker }) => worker);
}
