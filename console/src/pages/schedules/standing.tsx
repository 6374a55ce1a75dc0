/** How a schedule stands: a sign, a word and a colour, of which each alone would do. */

import type { Schemas } from "../../api/client";
import { useWords } from "../../appearance";
import { STANDINGS as WORDS } from "./words";

export type StandingName = Schemas["Standing"];

const SIGNS: Record<StandingName, string> = {
  active: "✓",
  overdue: "!",
  paused: "‖",
  disabled: "⊘",
  job_disabled: "⊘",
  over: "■",
};

export const STANDINGS = Object.keys(SIGNS) as StandingName[];

export function Standing({ standing }: { standing: StandingName }) {
  const words = useWords(WORDS);
  return (
    <span className={`status standing-${standing}`}>
      <span aria-hidden="true">{SIGNS[standing]}</span> {words[standing]}
    </span>
  );
}
