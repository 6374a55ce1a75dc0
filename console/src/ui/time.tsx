/** Moments and lengths of time, in the reader's language. */

import { useAppearance } from "../appearance";

/** A moment as the API tells it, with the whole of it on demand. */
export function Moment({ at }: { at: string | null | undefined }) {
  const { language } = useAppearance();
  if (!at) return <span className="faint">–</span>;
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const text = date.toLocaleString(language, {
    ...(today ? {} : { month: "short", day: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return (
    <time dateTime={at} title={date.toLocaleString(language, { dateStyle: "full", timeStyle: "long" })}>
      {text}
    </time>
  );
}

/** The time between two moments, or until now where the second is still to come. */
export function Lasting({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  if (!from) return <span className="faint">–</span>;
  return <>{duration((to ? Date.parse(to) : Date.now()) - Date.parse(from))}</>;
}

/** Milliseconds for people: `340 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`, `5 d 1 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
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
