/** Periods by the reader's clock. */

import { fromWall, toWall } from "../../ui/wall";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const PRESETS = ["quarter", "hour", "day", "today", "week"] as const;
export type Preset = (typeof PRESETS)[number];

const LENGTHS: Record<Exclude<Preset, "today">, number> = {
  quarter: 15 * MINUTE,
  hour: HOUR,
  day: 24 * HOUR,
  week: 7 * 24 * HOUR,
};

/** From when on, as RFC 3339 in UTC. */
export function since(preset: Preset, zone: string, now: number): string {
  const midnight = () => fromWall(`${toWall(now, zone).slice(0, 10)}T00:00`, zone) ?? now;
  return new Date(preset === "today" ? midnight() : now - LENGTHS[preset]).toISOString();
}
