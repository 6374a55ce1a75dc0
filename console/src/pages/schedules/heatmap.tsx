/** The hours of a week: how runs have ended in them, and what is to come. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useRef, useState } from "react";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { Found } from "../../ui/states";
import { format } from "../../ui/zone";
import { type Agenda, useAgenda } from "./data";
import {
  beside,
  type Cell,
  cellsOf,
  DAYS,
  ended,
  HOURS,
  hoursAt,
  placeOf,
  placeOfCell,
  strength,
  weekdayName,
  weekdays,
} from "./heat";
import type { Parts } from "./index";
import { HEAT, SCHEDULES } from "./words";

const WEEKS = 4;
const HOUR_MS = 3_600_000;
const DATED: Intl.DateTimeFormatOptions = {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
};
const WIDE = 31;
const HIGH = 25;

export function HeatmapView({ wanted, search, change }: Parts) {
  const words = useWords(SCHEDULES);
  const { zone } = useAppearance();
  const job = wanted.job[0];
  const coming = useAgenda(wanted, 7, zone);
  const past = useQuery({
    queryKey: ["schedule", "heatmap", job, zone],
    placeholderData: keepPreviousData,
    queryFn: () =>
      body(api.GET("/stats/heatmap", { params: { query: { weeks: WEEKS, timezone: zone, ...(job ? { job } : {}) } } })),
  });
  const place = placeIn(search.get("hour"));
  return (
    <>
      <p className="faint">{words.zoneOf(zone)}</p>
      <Found query={past} rows={8}>
        {(heatmap) => (
          <Found query={coming} rows={8}>
            {(agenda) => {
              const cells = cellsOf(heatmap.items, agenda.hours);
              const cell = place === null ? undefined : cells[place];
              return (
                <>
                  <Grid cells={cells} place={place} onChoose={(chosen) => change({ hour: String(chosen) })} />
                  <Legend />
                  {cell ? <Hour cell={cell} heatmap={heatmap} agenda={agenda} job={job} change={change} /> : <Hint />}
                </>
              );
            }}
          </Found>
        )}
      </Found>
    </>
  );
}

function placeIn(text: string | null): number | null {
  const place = Number(text ?? "none");
  return Number.isInteger(place) && place >= 0 && place < DAYS * HOURS ? place : null;
}

/** One cell takes part in the order of the Tab key; arrows move between them. */
function Grid({ cells, place, onChoose }: { cells: Cell[]; place: number | null; onChoose: (place: number) => void }) {
  const words = useWords(HEAT);
  const { language } = useAppearance();
  const [focus, setFocus] = useState(place ?? 0);
  const grid = useRef<HTMLTableElement>(null);
  const most = Math.max(1, ...cells.map(ended));
  const mostComing = Math.max(1, ...cells.map((cell) => cell.coming));
  const press = (event: KeyboardEvent) => {
    const next = beside(focus, event.key);
    if (event.key === "Enter" || event.key === " ") onChoose(focus);
    else if (next === null) return;
    else {
      setFocus(next);
      grid.current?.querySelector<HTMLElement>(`[data-place="${next}"]`)?.focus();
    }
    event.preventDefault();
  };
  return (
    <section className="scroll" aria-label={words.title}>
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table is what a grid is made of */}
      <table ref={grid} className="heat" role="grid" aria-label={words.title} onKeyDown={press}>
        <thead>
          <tr>
            <td />
            {cells.slice(0, HOURS).map(({ hour }) => (
              <th key={hour} scope="col">
                {String(hour).padStart(2, "0")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weekdays(cells).map((row) => (
            <tr key={row.weekday}>
              <th scope="row">{weekdayName(row.weekday, language, "short")}</th>
              {row.cells.map((cell) => (
                <Square
                  key={cell.hour}
                  cell={cell}
                  most={most}
                  mostComing={mostComing}
                  chosen={place === placeOfCell(cell)}
                  reached={focus === placeOfCell(cell)}
                  onChoose={(chosen) => {
                    setFocus(chosen);
                    onChoose(chosen);
                  }}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Square({
  cell,
  most,
  mostComing,
  chosen,
  reached,
  onChoose,
}: {
  cell: Cell;
  most: number;
  mostComing: number;
  chosen: boolean;
  reached: boolean;
  onChoose: (place: number) => void;
}) {
  const words = useWords(HEAT);
  const { language } = useAppearance();
  const place = placeOfCell(cell);
  const all = ended(cell);
  const failed = all ? Math.ceil((cell.failed / all) * HIGH) : 0;
  const label = words.cell(hourName(cell, language), cell.completed, cell.failed, cell.coming);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the keys of all its cells
    <td
      data-place={place}
      tabIndex={reached ? 0 : -1}
      aria-label={label}
      aria-current={chosen || undefined}
      title={label}
      onClick={() => onChoose(place)}
    >
      <svg aria-hidden="true" viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none">
        <rect className="heat-ground" width={WIDE} height={HIGH} rx={3} />
        <rect className="heat-done" width={WIDE} height={HIGH} rx={3} opacity={strength(all, most)} />
        {failed > 0 && <rect className="heat-failed" y={HIGH - failed} width={WIDE} height={failed} rx={2} />}
        {cell.coming > 0 && (
          <circle className="heat-coming" cx={WIDE - 7} cy={7} r={2 + 3 * strength(cell.coming, mostComing)} />
        )}
      </svg>
    </td>
  );
}

function hourName({ weekday, hour }: Cell, language: string): string {
  const clock = (each: number) => `${String(each).padStart(2, "0")}${language === "id" ? "." : ":"}00`;
  return `${weekdayName(weekday, language, "long")} ${clock(hour)}–${clock((hour + 1) % HOURS)}`;
}

function Legend() {
  const words = useWords(HEAT);
  return (
    <ul className="heat-legend" aria-label={words.legend}>
      {(["past", "failed", "coming"] as const).map((name) => (
        <li key={name}>
          <span className={`heat-legend-${name}`} aria-hidden="true" /> {words[name]}
        </li>
      ))}
    </ul>
  );
}

function Hint() {
  const words = useWords(HEAT);
  return <p className="faint">{words.choose}</p>;
}

/** What an hour of the week holds: the runs of the last weeks, by date, and the schedules that fire in it next. */
function Hour({
  cell,
  heatmap,
  agenda,
  job,
  change,
}: {
  cell: Cell;
  heatmap: Schemas["Heatmap"];
  agenda: Agenda;
  job: string | undefined;
  change: Parts["change"];
}) {
  const words = { ...useWords(SCHEDULES), ...useWords(HEAT) };
  const { language } = useAppearance();
  const place = placeOfCell(cell);
  const zone = heatmap.timezone;
  const entries = agenda.days
    .flatMap((day) => day.entries)
    .filter((entry) => entry.count === 1 && placeOf(Date.parse(entry.at), zone) === place);
  const name = hourName(cell, language);
  return (
    <section className="heat-hour" aria-label={name}>
      <h2>{name}</h2>
      <p>
        {words.cell(name, cell.completed, cell.failed, cell.coming)}
        {cell.other > 0 && `, ${words.other(cell.other)}`}
      </p>
      <h3>{words.runsOf}</h3>
      <ul>
        {hoursAt(place, Date.parse(heatmap.since), Date.parse(heatmap.until), zone).map((start) => (
          <li key={start}>
            <Link href={runsOf(start, job)}>{format(language, { timeZone: zone, ...DATED }).format(start)}</Link>
          </li>
        ))}
      </ul>
      {cell.coming > 0 && (
        <>
          <h3>{words.comes}</h3>
          <ul>
            {entries.map(({ schedule_id: id, at }) => (
              <li key={`${id} ${at}`}>
                {format(language, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
                  new Date(at),
                )}{" "}
                <button type="button" className="link" onClick={() => change({ schedule: id })}>
                  {id}
                </button>
              </li>
            ))}
            {cell.coming > entries.length && <li className="faint">{words.often(cell.coming - entries.length)}</li>}
          </ul>
        </>
      )}
    </section>
  );
}

function runsOf(start: number, job: string | undefined): string {
  const query = new URLSearchParams({
    finished_after: new Date(start).toISOString(),
    finished_before: new Date(start + HOUR_MS).toISOString(),
  });
  if (job) query.set("job", job);
  return `/runs?${query}`;
}
