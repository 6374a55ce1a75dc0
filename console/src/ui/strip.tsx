/** How the last runs of a job ended, the newest on the right: a bar for each, of which height and colour say the same. */

import type { Schemas } from "../api/client";
import { useWords } from "../appearance";
import { dictionary } from "../words";
import "./strip.css";

type Ended = Pick<Schemas["RecentRun"], "run_id" | "status">;

const WORDS = dictionary({
  last: [
    (count: number, completed: number, failed: number) =>
      count === 0 ? "no run yet" : `of the last ${count} runs ${completed} completed and ${failed} failed`,
    (count: number, completed: number, failed: number) =>
      count === 0 ? "belum ada eksekusi" : `dari ${count} eksekusi terakhir ${completed} selesai dan ${failed} gagal`,
  ],
});

const STEP = 5;
const HEIGHT = 16;
const HEIGHTS: Partial<Record<Ended["status"], number>> = { completed: 10, failed: HEIGHT };

/** `runs` newest first, as the API tells them; `places` is how many there is room for. */
export function Strip({ runs, places = 30 }: { runs: readonly Ended[]; places?: number }) {
  const words = useWords(WORDS);
  const count = (status: Ended["status"]) => runs.filter((run) => run.status === status).length;
  return (
    <svg
      className="strip"
      role="img"
      aria-label={words.last(runs.length, count("completed"), count("failed"))}
      width={places * STEP}
      height={HEIGHT}
    >
      {Array.from({ length: places }, (_, place) => {
        const run = runs[places - 1 - place];
        const height = run ? (HEIGHTS[run.status] ?? 5) : 2;
        return (
          <rect
            key={run?.run_id ?? place}
            className={run ? `strip-${run.status}` : "strip-none"}
            x={place * STEP}
            y={HEIGHT - height}
            width={STEP - 1}
            height={height}
          />
        );
      })}
    </svg>
  );
}
