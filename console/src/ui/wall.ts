/** Moments that people write without a zone, as an hour on the clock of one. */

import { format } from "./zone";

const MINUTE_MS = 60_000;
/** As `<input type="datetime-local">` has it. */
const LENGTH = "2026-11-05T09:00".length;

/** What the clock of a zone shows at an instant, as `2026-11-05T09:00`. */
export function toWall(instant: number, timeZone: string): string {
  const shown = format("sv", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).format(instant);
  return shown.replace(" ", "T").slice(0, LENGTH);
}

/** The instant at which the clock of a zone shows `2026-11-05T09:00`; null for what is no time. Where it shows it twice,
 * the first; where it jumps over it, the moment it jumps to. */
export function fromWall(wall: string, timeZone: string): number | null {
  const asUtc = Date.parse(`${wall}:00Z`);
  if (wall.length !== LENGTH || Number.isNaN(asUtc)) return null;
  const offset = (instant: number) => Date.parse(`${toWall(instant, timeZone)}:00Z`) - instant;
  const day = 24 * 60 * MINUTE_MS;
  const guesses = [offset(asUtc - day), offset(asUtc + day)].map((each) => asUtc - each);
  const fitting = guesses.filter((guess) => toWall(guess, timeZone) === wall);
  return fitting.length > 0 ? Math.min(...fitting) : Math.max(...guesses);
}
