/** A span of time in words. */

import { format } from "../../ui/zone";

const PARTS = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;

/** `Nov 22, 14:00 – 15:00`, in a zone; moments are milliseconds. */
export function spanText(span: { start: number; end: number }, language: string, zone: string): string {
  return format(language, { ...PARTS, timeZone: zone }).formatRange(span.start, span.end);
}
