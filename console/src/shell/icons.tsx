/** Small signs, drawn alike: 16 px, one stroke, in the colour of the text beside them. */

import type { PageName } from "./pages";

const PATHS = {
  overview: "M2.5 9.5 8 3l5.5 6.5M4 8v5.5h8V8",
  runs: "M5 3.2v9.6L12.5 8z",
  jobs: "M2.5 5.5h11v8h-11zM6 5.5v-2h4v2M2.5 9h11",
  schedules: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2.2 1.4",
  queues: "M2.5 4h11M2.5 8h11M2.5 12h7",
  failures: "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.3",
  inbox: "M2.5 9 4.5 3h7l2 6v4h-11zM2.5 9h3.2l1 1.6h2.6l1-1.6h3.2",
  settings: "M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M8.5 3.5v3M5 9.5v3",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3l3.2 3.2",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
} satisfies Record<PageName | "search" | "menu", string>;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
