/** The pages that the rail leads to. `key` goes there after a `g`. */

export const PAGES = [
  { path: "/", name: "overview", key: "o" },
  { path: "/runs", name: "runs", key: "r" },
  { path: "/jobs", name: "jobs", key: "j" },
  { path: "/schedules", name: "schedules", key: "s" },
  { path: "/queues", name: "queues", key: "q" },
  { path: "/failures", name: "failures", key: "f" },
  { path: "/inbox", name: "inbox", key: "i" },
  { path: "/settings", name: "settings", key: "," },
] as const;

export type PageName = (typeof PAGES)[number]["name"];

/** Whether an address is of a page, or of one below it. */
export function isOf(path: string, location: string): boolean {
  return path === "/" ? location === "/" : location === path || location.startsWith(`${path}/`);
}
