/** What the form knows of a job's document: where things stand in it, and how they are said. Pure: text in, text out. */

import { Draft, type Path } from "./document";

/** Where a thing may stand. The first place is the one that the form uses where it stands nowhere yet. */
export const PLACES = {
  name: [["name"]],
  job_id: [["job_id"]],
  description: [["description"]],
  handler: [["executor", "handler"], ["type"]],
  script: [
    ["executor", "script"],
    ["executor", "code"],
    ["executor", "command"],
  ],
  argv: [
    ["executor", "argv"],
    ["executor", "command"],
  ],
  env: [["executor", "env"]],
  cron: [["schedule", "cron"]],
  interval: [
    ["schedule", "interval_sec"],
    ["schedule", "interval_seconds"],
  ],
  at: [["schedule", "at"]],
  timezone: [["schedule", "timezone"]],
  start_at: [["schedule", "start_at"]],
  end_at: [["schedule", "end_at"]],
  misfire: [["misfire", "policy"]],
  grace: [["misfire", "grace_sec"]],
  overlap: [["overlap"]],
  retries: [["retry_policy", "max_retry"], ["retries"], ["max_retries"]],
  strategy: [["retry_policy", "strategy"]],
  backoff: [["retry_policy", "backoff_sec"]],
  delay: [["retry_policy", "delay_sec"], ["retry_delay_seconds"]],
  base: [["retry_policy", "backoff", "base"]],
  factor: [["retry_policy", "backoff", "factor"]],
  cap: [["retry_policy", "backoff", "cap"]],
  timeout: [["timeout_ms"], ["timeout"], ["timeout_seconds"]],
  queue: [["queue"]],
  priority: [["priority"]],
  tags: [["tags"]],
  secrets: [["secrets"]],
  inputs: [["inputs"]],
  enabled: [["enabled"]],
  active: [["max_concurrent"]],
  starts: [
    ["rate_limit", "max_runs"],
    ["rate_limit", "maxRuns"],
  ],
  window: [
    ["rate_limit", "window_ms"],
    ["rate_limit", "windowMs"],
    ["rate_limit", "window_sec"],
  ],
  concurrency_key: [["concurrency_key"], ["concurrencyKey"]],
  concurrency_limit: [["concurrency_limit"]],
  unique: [["unique"]],
  unique_key: [["unique", "key"]],
  unique_until: [["unique", "until"]],
  on_clash: [["unique", "on_clash"]],
  os: [["affinity", "os"]],
  worker_tags: [["affinity", "tags"]],
  capabilities: [["affinity", "capabilities"]],
  hostnames: [["affinity", "hostnames"]],
  subnets: [["affinity", "subnets"]],
  allowed_users: [["affinity", "allowed_users"]],
  deployment_types: [["affinity", "deployment_types"]],
} satisfies Record<string, readonly Path[]>;

export type Field = keyof typeof PLACES;

/** What a worker may be asked to be, to have or to offer. */
export const AFFINITIES = [
  "os",
  "worker_tags",
  "capabilities",
  "hostnames",
  "subnets",
  "allowed_users",
  "deployment_types",
] as const satisfies readonly Field[];

export function read(draft: Draft, field: Field): unknown {
  const place = draft.said(PLACES[field]);
  return place && draft.get(place);
}

/** The text with a field as given, said where and as it is said already; undefined takes it out. */
export function write(draft: Draft, field: Field, value: unknown): string {
  return draft.with(draft.said(PLACES[field]) ?? PLACES[field][0] ?? [], value);
}

/** A length of time in seconds, whichever way it is said. */
export function readSeconds(draft: Draft, field: "timeout" | "window"): number | undefined {
  const place = draft.said(PLACES[field]);
  const value = place && draft.get(place);
  return value === undefined ? undefined : Number(value) / (place && inMilliseconds(place) ? 1000 : 1);
}

export function writeSeconds(draft: Draft, field: "timeout" | "window", seconds: number | undefined): string {
  const place = draft.said(PLACES[field]) ?? PLACES[field][0] ?? [];
  const value = seconds === undefined ? undefined : inMilliseconds(place) ? Math.round(seconds * 1000) : seconds;
  return draft.with(place, value);
}

function inMilliseconds(place: Path): boolean {
  return /ms$/i.test(place.at(-1) ?? "");
}

export const KINDS = ["shell", "program", "python", "handler"] as const;
export type Kind = (typeof KINDS)[number];

/** What a job runs: a shell script, a program without a shell, a Python script, or a handler. */
export function kindOf(draft: Draft): Kind {
  const said = (key: string) => draft.get(["executor", key]);
  if (said("type") === "shell")
    return said("argv") !== undefined || Array.isArray(said("command")) ? "program" : "shell";
  if (said("type") === "python" && (said("script") ?? said("code") ?? said("command")) !== undefined) return "python";
  return "handler";
}

const OF_A_KIND = ["script", "code", "command", "argv", "args", "shell", "interpreter", "handler"];

export function withKind(draft: Draft, kind: Kind): string {
  const drop = (text: string, ...paths: Path[]) =>
    paths.reduce((left, path) => new Draft(left).with(path, undefined), text);
  const label = draft.get(["type"]);
  let text =
    label === draft.get(["executor", "type"]) || kindOf(draft) === "handler" ? drop(draft.text, ["type"]) : draft.text;
  if (kind === "handler") return new Draft(drop(text, ["executor"], ["completion"], ["secrets"])).with(["type"], "");
  text = drop(text, ["isolation"], ...OF_A_KIND.map((key) => ["executor", key]));
  text = new Draft(text).with(["executor", "type"], kind === "python" ? "python" : "shell");
  return new Draft(text).with(["executor", kind === "program" ? "argv" : "script"], kind === "program" ? ["true"] : "");
}

export const WHENS = ["manual", "calendar", "interval", "cron", "once", "now"] as const;
export type When = (typeof WHENS)[number];

/** In which way it is said when a job runs. */
export function whenOf(draft: Draft): When {
  const cron = read(draft, "cron");
  if (typeof cron === "string") return readCalendar(cron) ? "calendar" : "cron";
  if (read(draft, "interval") !== undefined) return "interval";
  if (read(draft, "at") !== undefined) return "once";
  return draft.get(["schedule", "mode"]) === "immediate" ? "now" : "manual";
}

/** The text with another way of saying when, as a first suggestion; zone and bounds stay. */
export function withWhen(draft: Draft, when: When, zone: string, now: Date): string {
  if (when === "manual") return draft.with(["schedule"], undefined);
  const gone: Path[] = ["mode", "cron", "interval_sec", "interval_seconds", "at"].map((key) => ["schedule", key]);
  if (when === "once" || when === "now") gone.push(["schedule", "start_at"], ["schedule", "end_at"]);
  const cron = read(draft, "cron");
  let text = gone.reduce((left, path) => new Draft(left).with(path, undefined), draft.text);
  const put = (key: string, value: unknown) => {
    text = new Draft(text).with(["schedule", key], value);
  };
  if (when === "calendar") put("cron", typeof cron === "string" && readCalendar(cron) ? cron : "0 9 * * *");
  else if (when === "cron") put("cron", cron ?? "0 * * * *");
  else if (when === "interval") put("interval_sec", 3600);
  else if (when === "now") put("mode", "immediate");
  else put("at", localTime(new Date(now.getTime() + 3_600_000), zone));
  if (when !== "interval" && when !== "now" && read(draft, "timezone") === undefined) put("timezone", zone);
  return text;
}

/** A time of the clock in a zone: `2026-11-05T09:00`. */
function localTime(moment: Date, zone: string): string {
  return moment.toLocaleString("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).replace(" ", "T");
}

/** Every day, or every week on some days, at one time. Days are 0 to 6 from Sunday; none means every day. */
export interface Calendar {
  time: string;
  days: number[];
}

/** What a cron expression says, where it says no more than a calendar can. */
export function readCalendar(cron: string): Calendar | undefined {
  const [, minute, hour, days] = /^\s*(\d{1,2})\s+(\d{1,2})\s+\*\s+\*\s+(\*|[0-7](?:[-,][0-7])*)\s*$/.exec(cron) ?? [];
  if (minute === undefined || hour === undefined || days === undefined || +minute > 59 || +hour > 23) return undefined;
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (days === "*") return { time, days: [] };
  const named = new Set<number>();
  for (const range of days.split(",")) {
    const [first = 0, last = first, more] = range.split("-").map(Number);
    if (more !== undefined || last < first) return undefined;
    for (let day = first; day <= last; day++) named.add(day % 7);
  }
  return { time, days: [...named].sort() };
}

export function writeCalendar({ time, days }: Calendar): string {
  const [hour = "0", minute = "0"] = time.split(":");
  return `${Number(minute)} ${Number(hour)} * * ${days.length && days.length < 7 ? [...days].sort().join(",") : "*"}`;
}

/** Seconds as a list that people type: `1, 2, 5`. Undefined where it is none. */
export function readSecondsList(text: string): number[] | undefined {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const seconds = parts.map(Number);
  return seconds.every((each) => Number.isFinite(each) && each >= 0) ? seconds : undefined;
}
