/** When something runs: in words, and the next times of it, each in the schedule's own time zone and in the reader's. */

import type { Schemas } from "../api/client";
import { useAppearance, useWords } from "../appearance";
import { dictionary } from "../words";
import { duration } from "./time";
import { format } from "./zone";
import "./schedule.css";

export type Fire = Schemas["Fire"];
type ClockChange = Schemas["ClockChange"];

/** As the server says it: it alone reads expressions. */
export function When({ words }: { words: Schemas["Words"] }) {
  return <>{words[useAppearance().language]}</>;
}

/** The next fires of a schedule, with what daylight saving does to them; `timezone` is the schedule's own. */
export function Fires({ fires, timezone }: { fires: readonly Fire[]; timezone: string }) {
  const words = useWords(WORDS);
  const { language, zone: reader } = useAppearance();
  if (fires.length === 0) return <p className="faint">{words.never}</p>;
  return (
    <div className="scroll">
      <table className="rows fires">
        <thead>
          <tr>
            <th>{words.zoned(timezone)}</th>
            {reader !== timezone && <th>{words.yours(reader)}</th>}
            <th className="number">{words.ahead}</th>
          </tr>
        </thead>
        <tbody>
          {fires.map(({ at, clock }) => (
            <tr key={at}>
              <td>
                <time dateTime={at}>{wall(at, timezone, language)}</time>
                {clock.map((change) => (
                  <ClockFlag key={change} change={change} />
                ))}
              </td>
              {reader !== timezone && (
                <td className="faint" data-name={words.yours(reader)}>
                  {wall(at, reader, language)}
                </td>
              )}
              <td className="number faint">{duration(Math.max(0, Date.parse(at) - Date.now()), language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a change of the clock does to a fire: a word on it, and the whole of it below. */
function ClockFlag({ change }: { change: ClockChange }) {
  const words = useWords(CHANGES);
  const [short, long] = words[change].split(": ");
  return (
    <span className="clock-flag">
      <strong>
        <span aria-hidden="true">⚠</span> {short}
      </strong>{" "}
      {long}
    </span>
  );
}

/** A moment as the clocks of a zone show it: `Sun, 29 Mar 2026, 03:00 GMT+2`. */
export function wall(at: string, timeZone: string, language: string): string {
  return format(language, {
    timeZone,
    weekday: "short",
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    ...(new Date(at).getSeconds() ? { second: "2-digit" } : {}),
    hourCycle: "h23",
    timeZoneName: "shortOffset",
  }).format(new Date(at));
}

const WORDS = dictionary({
  zoned: [(zone: string) => `In ${zone}`, (zone: string) => `Di ${zone}`],
  yours: [(zone: string) => `Your time, ${zone}`, (zone: string) => `Waktu Anda, ${zone}`],
  ahead: ["In", "Dalam"],
  never: ["It does not fire any more.", "Tidak akan berjalan lagi."],
});

const CHANGES = dictionary({
  moved: [
    "moved: the clock jumps over the time that is named, so it fires at the first moment after",
    "digeser: jam melompati waktu yang disebut, jadi dijalankan pada saat pertama sesudahnya",
  ],
  once: [
    "repeated hour: the clock shows this time twice, and it fires the first time only",
    "jam terulang: jam menunjukkan waktu ini dua kali, dan hanya yang pertama yang dijalankan",
  ],
  twice: [
    "repeated hour: the clock shows this time twice, and it fires both times",
    "jam terulang: jam menunjukkan waktu ini dua kali, dan keduanya dijalankan",
  ],
  skipped: [
    "skipped hour: the clock jumps over times before this one, which do not fire",
    "jam terlewati: jam melompati waktu sebelum ini, yang tidak dijalankan",
  ],
  shifted: [
    "clock change: the same interval reads otherwise on the clock from here on",
    "perubahan jam: mulai di sini selang yang sama terbaca lain pada jam",
  ],
});
