/** What happens, as the server tells it: lists are read anew where something of theirs has changed. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { HOME } from "./client";
import { SESSION } from "./session";

export type Connection = "live" | "connecting" | "lost";

/** How often what has changed is read anew, at most: fifty events a second must not mean fifty reads. */
const PAUSE_MS = 500;
const LOST_AFTER_MS = 5_000;
const AGAIN_MS = 3_000;

const TOPICS = [
  "run",
  "job",
  "schedule",
  "queue",
  "worker",
  "message",
  "dead_letter",
  "failure_group",
  "bulk_action",
] as const;
export type Topic = (typeof TOPICS)[number];

/** Queries of a topic: their key begins with it, or with a list of several that has it. */
export function of(topic: Topic) {
  return { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => [queryKey[0]].flat().includes(topic) };
}

/** Keeps what queries show true: those of a topic are read anew after its events. */
export function useLive(enabled: boolean): Connection {
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>("connecting");
  useEffect(() => {
    if (!enabled) return;
    const told = new Set<Topic>();
    let pause = 0;
    const refresh = () => {
      pause = 0;
      for (const topic of told) void queries.invalidateQueries(of(topic));
      told.clear();
    };
    const hear = (topics: Iterable<Topic>) => {
      for (const topic of topics) told.add(topic);
      pause ||= window.setTimeout(refresh, PAUSE_MS);
    };
    const end = listen(hear, setConnection, () => void queries.invalidateQueries({ queryKey: SESSION }));
    return () => {
      end();
      window.clearTimeout(pause);
    };
  }, [enabled, queries]);
  return connection;
}

/** Hears events until the function that comes back is called. A stream that was `refused` is asked for again. */
function listen(hear: (topics: Iterable<Topic>) => void, tell: (how: Connection) => void, refused: () => void) {
  let source: EventSource;
  let lost = 0;
  let again = 0;
  const open = () => {
    again = 0;
    source = new EventSource(`${HOME}/events?topics=${TOPICS.join(",")}`);
    source.onopen = () => {
      window.clearTimeout(lost);
      lost = 0;
      tell("live");
      hear(TOPICS); // whatever was missed
    };
    source.onerror = fail;
    source.addEventListener("reset", () => hear(TOPICS));
    for (const [topic, types] of Object.entries(EVENTS) as [Topic, readonly string[]][])
      for (const type of types) source.addEventListener(`${topic}.${type}`, () => hear([topic]));
  };
  const fail = () => {
    if (!lost) {
      tell("connecting");
      lost = window.setTimeout(() => tell("lost"), LOST_AFTER_MS);
    }
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    refused();
    again ||= window.setTimeout(open, AGAIN_MS);
  };
  const cut = () => {
    source.close();
    fail();
  };
  open();
  window.addEventListener("offline", cut);
  return () => {
    window.removeEventListener("offline", cut);
    source.close();
    window.clearTimeout(lost);
    window.clearTimeout(again);
  };
}

/** A browser hears an event only by its name. */
const EVENTS: Record<Topic, readonly string[]> = {
  run: [
    ...["queued", "admitted", "due", "blocked", "waiting", "debounced", "started", "progress", "snoozed", "released"],
    ...["completed", "failed", "cancelled", "cancel_requested", "skipped", "retry_scheduled", "lost", "quarantined"],
  ],
  job: ["created", "updated", "changed", "deleted", "enabled", "disabled"],
  schedule: ["fired", "paused", "resumed", "skipped", "slot_skipped"],
  queue: ["paused", "resumed", "draining", "rate_changed"],
  worker: ["draining", "disabled", "enabled"],
  message: ["received", "set_aside"],
  dead_letter: ["retried", "discarded"],
  failure_group: ["opened", "reopened", "snoozed", "resolved"],
  bulk_action: ["finished"],
};
