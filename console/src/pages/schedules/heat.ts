/** The hours of a week, each with what has ended in it and what is to come. Monday is weekday 0. */

import type { Schemas } from "../../api/client";
import { format } from "../../ui/zone";

export interface Cell {
  weekday: number;
  hour: number;
  completed: number;
  failed: number;
  /** Cancelled or skipped. */
  other: number;
  coming: number;
}

export const DAYS = 7;
export const HOURS = 24;
const HOUR_MS = 3_600_000;
/** 1 January 2024 was a Monday. */
const MONDAY = Date.UTC(2024, 0, 1);
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Cells by weekday, then by hour. */
export function cellsOf(past: Schemas["HeatmapCell"][], coming: Schemas["AgendaHour"][]): Cell[] {
  const at = (each: { weekday: number; hour: number }) => each.weekday * HOURS + each.hour;
  const ended = new Map(past.map((each) => [at(each), each]));
  const fires = new Map(coming.map((each) => [at(each), each.fires]));
  return Array.from({ length: DAYS * HOURS }, (_, place) => {
    const { completed = 0, failed = 0, cancelled = 0, skipped = 0 } = ended.get(place) ?? {};
    return {
      weekday: Math.floor(place / HOURS),
      hour: place % HOURS,
      completed,
      failed,
      other: cancelled + skipped,
      coming: fires.get(place) ?? 0,
    };
  });
}

export function placeOfCell({ weekday, hour }: Cell): number {
  return weekday * HOURS + hour;
}

/** The rows of the week. */
export function weekdays(cells: Cell[]): { weekday: number; cells: Cell[] }[] {
  return Array.from({ length: DAYS }, (_, weekday) => ({
    weekday,
    cells: cells.slice(weekday * HOURS, (weekday + 1) * HOURS),
  }));
}

/** How many runs ended in an hour. */
export function ended({ completed, failed, other }: Cell): number {
  return completed + failed + other;
}

/** How dark a cell is, 0 to 1: by the logarithm, so that an hour of ten still shows beside one of ten thousand. */
export function strength(count: number, most: number): number {
  return count === 0 ? 0 : 0.2 + 0.8 * (Math.log(count + 1) / Math.log(most + 1));
}

/** The hour that the arrow keys lead to; null for a key that leads nowhere. The week goes round. */
export function beside(place: number, key: string): number | null {
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -HOURS, ArrowDown: HOURS };
  const step = steps[key];
  if (step !== undefined) return (place + step + DAYS * HOURS) % (DAYS * HOURS);
  if (key === "Home") return place - (place % HOURS);
  return key === "End" ? place - (place % HOURS) + HOURS - 1 : null;
}

/** The name of a weekday in a language. */
export function weekdayName(weekday: number, language: string, length: "short" | "long"): string {
  return format(language, { weekday: length, timeZone: "UTC" }).format(MONDAY + weekday * HOURS * HOUR_MS);
}

/** Where an instant stands in the week of a zone: its weekday and hour as one number. */
export function placeOf(instant: number, timeZone: string): number {
  const parts = format("en", { timeZone, weekday: "short", hour: "2-digit", hourCycle: "h23" }).formatToParts(instant);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return WEEKDAYS.indexOf(part("weekday")) * HOURS + Number(part("hour"));
}

/** The starts of the hours between two instants that stand at a place of the week, newest first. */
export function hoursAt(place: number, since: number, until: number, timeZone: string): number[] {
  const first = Math.floor(since / HOUR_MS) * HOUR_MS;
  const found: number[] = [];
  for (let hour = Math.floor(until / HOUR_MS) * HOUR_MS; hour >= first; hour -= HOUR_MS)
    if (placeOf(hour, timeZone) === place) found.push(hour);
  return found;
}
