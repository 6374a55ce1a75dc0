/** Moments and lengths of time, in the reader's language and time zone. */

import { useAppearance } from "../appearance";
import type { Language } from "../words";
import { format } from "./zone";

const YEAR = { year: "numeric" } as const;
const DAY = { month: "short", day: "numeric" } as const;
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;

/** A moment as the API tells it, with the whole of it, and its zone, on demand. */
export function Moment({ at }: { at: string | null | undefined }) {
  const { language, zone } = useAppearance();
  if (!at) return <span className="faint">–</span>;
  const date = new Date(at);
  return (
    <time
      dateTime={at}
      title={`${format(language, { dateStyle: "full", timeStyle: "long", timeZone: zone }).format(date)} (${zone})`}
    >
      {moment(date, language, zone)}
    </time>
  );
}

/** The clock alone today, with the day on other days, with the year in other years. */
export function moment(date: Date, language: string, zone: string, now = new Date()): string {
  const same = (part: Intl.DateTimeFormatOptions) => {
    const of = format("en", { ...part, timeZone: zone });
    return of.format(date) === of.format(now);
  };
  const parts = same({ ...YEAR, ...DAY }) ? CLOCK : same(YEAR) ? { ...DAY, ...CLOCK } : { ...YEAR, ...DAY, ...CLOCK };
  return format(language, { ...parts, timeZone: zone }).format(date);
}

/** The time between two moments, or until now where the second is still to come. */
export function Lasting({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  const { language } = useAppearance();
  if (!from) return <span className="faint">–</span>;
  return <>{duration((to ? Date.parse(to) : Date.now()) - Date.parse(from), language)}</>;
}

type Work = { status: string; started_at: string | null; finished_at: string | null };

/** How long a run took, or takes; nothing while it waits, be it for another try. */
export function Took({ run }: { run: Work }) {
  return <Lasting from={atWorkSince(run)} to={run.finished_at} />;
}

export function atWorkSince(run: Work): string | null {
  return run.finished_at !== null || run.status === "running" ? run.started_at : null;
}

/** The symbols of days, hours, minutes and seconds. In Indonesian an `h` would be read as a day. */
const UNITS: Record<Language, readonly [string, string, string, string]> = {
  en: ["d", "h", "min", "s"],
  id: ["hari", "jam", "mnt", "dtk"],
};

const tenths = (language: Language) =>
  new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const TENTHS: Record<Language, Intl.NumberFormat> = { en: tenths("en"), id: tenths("id") };

/** Milliseconds for people: `340 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`, `5 d 1 h`. */
export function duration(ms: number, language: Language): string {
  const [d, h, min, s] = UNITS[language];
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${TENTHS[language].format(ms / 1_000)} ${s}`;
  const seconds = Math.round(ms / 1_000);
  const units: [number, string][] = [
    [86_400, d],
    [3_600, h],
    [60, min],
    [1, s],
  ];
  const first = units.findIndex(([length]) => seconds >= length);
  const parts = units.slice(first, first + 2).reduce<{ left: number; said: string[] }>(
    ({ left, said }, [length, unit]) => {
      const count = Math.floor(left / length);
      return { left: left - count * length, said: count ? [...said, `${count} ${unit}`] : said };
    },
    { left: seconds, said: [] },
  );
  return parts.said.join(" ");
}
