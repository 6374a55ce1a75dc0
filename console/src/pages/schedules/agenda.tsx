/** The days to come as a list: what fires when, and which minutes are busy. */

import { useAppearance, useWords } from "../../appearance";
import { Found, Nothing } from "../../ui/states";
import { format } from "../../ui/zone";
import { type Agenda, useAgenda } from "./data";
import type { Parts } from "./index";
import { NoSchedules } from "./list";
import { SCHEDULES } from "./words";

type Day = Agenda["days"][number];

const DAY = { weekday: "long", day: "numeric", month: "long" } as const;
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const HOUR_MS = 3_600_000;
const LATEST = 24 * HOUR_MS;

export function AgendaView({ wanted, filtered, search, change, clear }: Parts) {
  const words = useWords(SCHEDULES);
  const { zone } = useAppearance();
  const days = search.get("days") === "1" ? 1 : 7;
  const query = useAgenda(wanted, days, zone);
  return (
    <>
      <p className="schedule-doing">
        <select
          aria-label={words.days}
          value={days}
          onChange={(event) => change({ days: event.target.value === "1" ? "1" : null })}
        >
          <option value={1}>{words.oneDay}</option>
          <option value={7}>{words.oneWeek}</option>
        </select>
        <span className="faint">{words.zoneOf(zone)}</span>
      </p>
      <Found query={query} rows={12}>
        {(agenda) =>
          agenda.days.some(({ entries }) => entries.length > 0) ? (
            <>
              <LeftOut agenda={agenda} />
              {agenda.days.map((day, place) => (
                <DayList
                  key={day.start}
                  day={day}
                  hours={hoursOf(day, agenda.days[place + 1])}
                  zone={agenda.timezone}
                  onChoose={(schedule) => change({ schedule })}
                />
              ))}
            </>
          ) : filtered ? (
            <NoSchedules filtered clear={clear} />
          ) : (
            <Nothing title={words.nothingComes} />
          )
        }
      </Found>
    </>
  );
}

/** That there is more than is shown, and from when on. */
function LeftOut({ agenda: { days, left_out: more, timezone } }: { agenda: Agenda }) {
  const words = useWords(SCHEDULES);
  const { language } = useAppearance();
  const entries = days.flatMap((day) => day.entries);
  const last = entries.at(-1);
  if (more === 0 || last === undefined) return null;
  const until = format(language, { timeZone: timezone, ...DAY, ...CLOCK });
  return (
    <p className="clock-flag agenda-cut">
      <span aria-hidden="true">⚠</span>{" "}
      {words.leftOut(
        entries.length.toLocaleString(language),
        more.toLocaleString(language),
        until.format(new Date(last.at)),
      )}
    </p>
  );
}

/** How long a day is by its zone's clock: 23 or 25 hours where clocks change. Of the last one it is not known. */
function hoursOf(day: Day, following: Day | undefined): number {
  return (following ? Date.parse(following.start) - Date.parse(day.start) : LATEST) / HOUR_MS;
}

function DayList({
  day,
  hours,
  zone,
  onChoose,
}: {
  day: Day;
  hours: number;
  zone: string;
  onChoose: (id: string) => void;
}) {
  const words = useWords(SCHEDULES);
  const { language } = useAppearance();
  const clock = (at: string) => format(language, { timeZone: zone, ...CLOCK }).format(new Date(at));
  if (day.entries.length === 0) return null;
  const busy = new Set(day.busy.map(({ at }) => at.slice(0, 16)));
  return (
    <section className="agenda-day">
      <h2>{format(language, { timeZone: zone, ...DAY }).format(new Date(day.start))}</h2>
      {hours !== 24 && (
        <p className="clock-flag">
          <span aria-hidden="true">⚠</span> {words.shortDay(hours)}
        </p>
      )}
      {day.busy.map(({ at, schedule_ids: ids }) => (
        <p key={at} className="clock-flag">
          <span aria-hidden="true">⚠</span> {words.busy(clock(at), ids.length)} <span>({ids.join(", ")})</span>
        </p>
      ))}
      <ol className="agenda-entries">
        {day.entries.map(({ schedule_id: id, job_id: job, at, count }) => (
          <li key={`${id} ${at}`}>
            <time dateTime={at}>{clock(at)}</time>
            <span>
              <button type="button" className="link" onClick={() => onChoose(id)}>
                {id}
              </button>
              {job !== id && <span className="faint"> {job}</span>}
              {count > 1 && <span className="faint"> {words.times(count.toLocaleString(language))}</span>}
              {count === 1 && busy.has(at.slice(0, 16)) && <span className="agenda-busy"> {words.busyShort}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
