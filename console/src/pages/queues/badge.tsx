/** How a queue or a worker stands: a sign, a word, a colour, and why. */

import { useWords } from "../../appearance";
import type { Standing, Worker } from "./model";
import { STANDINGS } from "./words";

type How = Standing | Worker["status"];

const SIGNS: Record<How, string> = {
  open: "✓",
  online: "✓",
  paused: "‖",
  draining: "⇣",
  drained: "∅",
  paced: "◷",
  untaken: "⚠",
  disabled: "⊘",
  lost: "✕",
  stopped: "■",
};

export function Badge({ how, why }: { how: How; why?: string }) {
  const words = useWords(STANDINGS);
  return (
    <span className={`badge badge-${how}`}>
      <span className="badge-word">
        <span aria-hidden="true">{SIGNS[how]}</span> {words[how]}
      </span>
      {why && <span className="badge-why">{why}</span>}
    </span>
  );
}
