/** What happens, as the server tells it: lists are read anew where something of theirs has changed. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { HOME } from "./client";

export type Connection = "live" | "connecting" | "lost";

/** How often what has changed is read anew, at most: fifty events a second must not mean fifty reads. */
const PAUSE_MS = 500;
const LOST_AFTER_MS = 5_000;

const TOPICS = ["run", "job", "schedule", "queue", "worker", "dead_letter"] as const;
export type Topic = (typeof TOPICS)[number];

/** Keeps what queries show true: those whose key begins with a topic are read anew after its events. */
export function useLive(enabled: boolean): Connection {
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>("connecting");
  useEffect(() => {
    if (!enabled) return;
    const told = new Set<Topic>();
    let pause = 0;
    let lost = 0;
    const source = new EventSource(`${HOME}/events?topics=${TOPICS.join(",")}`);
    const refresh = () => {
      pause = 0;
      for (const topic of told) void queries.invalidateQueries({ queryKey: [topic] });
      told.clear();
    };
    const hear = (topics: Iterable<Topic>) => {
      for (const topic of topics) told.add(topic);
      pause ||= window.setTimeout(refresh, PAUSE_MS);
    };
    source.onopen = () => {
      window.clearTimeout(lost);
      lost = 0;
      setConnection("live");
      hear(TOPICS); // whatever was missed
    };
    source.onerror = () => {
      setConnection("connecting");
      lost ||= window.setTimeout(() => setConnection("lost"), LOST_AFTER_MS);
    };
    source.addEventListener("reset", () => hear(TOPICS));
    for (const [topic, types] of Object.entries(EVENTS) as [Topic, readonly string[]][])
      for (const type of types) source.addEventListener(`${topic}.${type}`, () => hear([topic]));
    return () => {
      source.close();
      window.clearTimeout(pause);
      window.clearTimeout(lost);
    };
  }, [enabled, queries]);
  return connection;
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
  dead_letter: ["retried", "discarded"],
};
