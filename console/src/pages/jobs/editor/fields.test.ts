import { expect, test } from "vitest";
import { Draft } from "./document";
import {
  kindOf,
  read,
  readCalendar,
  readSeconds,
  readSecondsList,
  whenOf,
  withKind,
  withWhen,
  write,
  writeCalendar,
  writeSeconds,
} from "./fields";

const NOW = new Date("2026-11-05T02:00:00Z");

test("a thing stays where and as it is said", () => {
  const draft = new Draft("name: a\ntimeout: 600\nretries: 2\n");
  expect(readSeconds(draft, "timeout")).toBe(600);
  expect(writeSeconds(draft, "timeout", 90)).toBe("name: a\ntimeout: 90\nretries: 2\n");
  expect(write(draft, "retries", 5)).toBe("name: a\ntimeout: 600\nretries: 5\n");
  expect(readSeconds(new Draft("timeout_ms: 1500\n"), "timeout")).toBe(1.5);
  expect(writeSeconds(new Draft("timeout_ms: 1500\n"), "timeout", 2)).toBe("timeout_ms: 2000\n");
  expect(writeSeconds(new Draft("name: a\n"), "timeout", undefined)).toBe("name: a\n");
});

test.each([
  ["executor: {type: shell, script: a}\n", "shell"],
  ["executor: {type: shell, command: a}\n", "shell"],
  ["executor: {type: shell, command: [a, b]}\n", "program"],
  ["executor: {type: shell, argv: [a]}\n", "program"],
  ["executor: {type: python, code: a}\n", "python"],
  ["executor: {type: python, handler: a}\n", "handler"],
  ["type: report.daily\n", "handler"],
  ["", "handler"],
])("%j runs a %s", (text, kind) => {
  expect(kindOf(new Draft(text))).toBe(kind);
});

test("another kind takes away what only the old one has, and keeps the rest", () => {
  const draft = new Draft("type: shell\nexecutor:\n  type: shell\n  script: a\n  shell: sh\n  env:\n    A: b\n");
  expect(withKind(draft, "python")).toBe('executor:\n  type: python\n  env:\n    A: b\n  script: ""\n');
  expect(withKind(draft, "program")).toBe(
    "executor:\n  type: shell\n  env:\n    A: b\n  argv:\n    - true\n".replace("true", '"true"'),
  );
  expect(withKind(draft, "handler")).toBe('type: ""\n');
  expect(kindOf(new Draft(withKind(new Draft("type: report\n"), "shell")))).toBe("shell");
});

test.each([
  ["name: a\n", "manual"],
  ["schedule: {cron: 30 2 * * 1-5}\n", "calendar"],
  ["schedule: {cron: '*/5 * * * *'}\n", "cron"],
  ["schedule: {interval_seconds: 5}\n", "interval"],
  ["schedule: {at: 2026-11-05T09:00}\n", "once"],
  ["schedule: {mode: immediate}\n", "now"],
])("%j runs %s", (text, when) => {
  expect(whenOf(new Draft(text))).toBe(when);
});

test("each way of saying when leads to each other one, and is said in one way alone", () => {
  const ways = ["manual", "calendar", "interval", "cron", "once", "now"] as const;
  for (const first of ways)
    for (const second of ways) {
      const draft = new Draft(withWhen(new Draft("name: a\n"), first, "Asia/Jakarta", NOW));
      const text = withWhen(draft, second, "Asia/Jakarta", NOW);
      const expected = second === "cron" && first === "calendar" ? "calendar" : second;
      expect([first, second, whenOf(new Draft(text))]).toEqual([first, second, expected]);
    }
  expect(withWhen(new Draft(""), "once", "Asia/Jakarta", NOW)).toContain("at: 2026-11-05T10:00\n");
});

test("zone and bounds outlast another way of saying when", () => {
  const draft = new Draft("schedule:\n  cron: 0 2 * * *\n  timezone: UTC\n  start_at: 2026-11-05T00:00:00Z\n");
  expect(withWhen(draft, "interval", "Asia/Jakarta", NOW)).toBe(
    "schedule:\n  timezone: UTC\n  start_at: 2026-11-05T00:00:00Z\n  interval_sec: 3600\n",
  );
});

test.each([
  ["30 2 * * *", { time: "02:30", days: [] }],
  ["0 9 * * 1-5", { time: "09:00", days: [1, 2, 3, 4, 5] }],
  ["5 23 * * 7,1", { time: "23:05", days: [0, 1] }],
])("%s is a calendar, and is written again as it was meant", (cron, calendar) => {
  expect(readCalendar(cron)).toEqual(calendar);
  expect(readCalendar(writeCalendar(calendar))).toEqual(calendar);
});

test.each(["*/5 2 * * *", "0 2 1 * *", "0 24 * * *", "0 2 * * 5-1", "0 2 * * 1-3-5", "0 0 2 * * *", "@daily", ""])(
  "%s is more than a calendar can say",
  (cron) => expect(readCalendar(cron)).toBeUndefined(),
);

test("delays are read as people type them", () => {
  expect(readSecondsList("1, 2;5  10")).toEqual([1, 2, 5, 10]);
  expect(readSecondsList("")).toEqual([]);
  expect(readSecondsList("soon")).toBeUndefined();
  expect(read(new Draft("retry_policy: {backoff_sec: [1, 2]}\n"), "backoff")).toEqual([1n, 2n]);
});
