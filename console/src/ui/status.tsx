/** How a run stands: a sign, a word and a colour, of which each alone would do. */

import type { State } from "../api/client";
import { useWords } from "../appearance";
import { STATES as WORDS } from "../words/common";
import "./status.css";

export const SIGNS: Record<State, string> = {
  scheduled: "◷",
  blocked: "‖",
  ready: "○",
  running: "▶",
  completed: "✓",
  failed: "✕",
  cancelled: "⊘",
  skipped: "⤼",
};

export const STATES = Object.keys(SIGNS) as State[];

export function Status({ state }: { state: State }) {
  const words = useWords(WORDS);
  return (
    <span className={`status status-${state}`}>
      <span aria-hidden="true">{SIGNS[state]}</span> {words[state]}
    </span>
  );
}
