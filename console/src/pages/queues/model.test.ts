import { expect, test } from "vitest";
import { counted, inOrder, joinWindow, type Queue, splitWindow, standing, type Worker } from "./model";

const QUEUE: Queue = {
  name: "mail",
  status: "open",
  drained: false,
  rate: null,
  next_at: null,
  ready: 1,
  scheduled: 0,
  blocked: 0,
  running: 0,
  at_least: false,
  oldest_due_at: null,
  oldest_wait_sec: null,
};
const worker = (more: object) =>
  ({ role: "worker", status: "online", queues: [], host: "", ...more }) as unknown as Worker;

test.each([
  ["open", {}, [worker({})]],
  ["open", {}, [worker({ queues: ["mail"] })]],
  ["untaken", {}, [worker({ queues: ["other"] }), worker({ status: "disabled" }), worker({ role: "scheduler" })]],
  ["untaken", {}, []],
  ["open", {}, undefined],
  ["open", { ready: 0 }, []],
  ["paused", { status: "paused" }, []],
  ["draining", { status: "draining" }, []],
  ["drained", { status: "draining", drained: true }, []],
  ["paced", { next_at: "2026-11-05T02:30:00Z" }, [worker({})]],
] as const)("a queue is %s", (said, more, workers) => {
  expect(standing({ ...QUEUE, ...more }, workers as Worker[] | undefined)).toBe(said);
});

test("a count that was broken off says so", () => {
  const many = { ...QUEUE, ready: 10_000, running: 3, at_least: true };
  expect([counted(many.ready, many, "id"), counted(many.running, many, "en")]).toEqual(["10.000+", "3"]);
});

test.each([
  [90, 90, "s"],
  [300, 5, "min"],
  [3_600, 1, "h"],
  [0.5, 0.5, "s"],
] as const)("%d seconds are %d %s", (seconds, length, unit) => {
  expect(splitWindow(seconds)).toEqual({ length, unit });
  expect(joinWindow(length, unit)).toBe(seconds);
});

test("who serves comes before who is gone, and workers before the others", () => {
  const ids = (each: Worker[]) => each.map((one) => one.worker_id);
  const all = [
    worker({ worker_id: "lost", status: "lost" }),
    worker({ worker_id: "api", role: "api" }),
    worker({ worker_id: "b", host: "b" }),
    worker({ worker_id: "a", host: "a" }),
  ];
  expect(ids(inOrder(all))).toEqual(["a", "b", "api", "lost"]);
});
