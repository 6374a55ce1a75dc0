/** How far a bulk action has come, and what became of the runs. It stands in the address, so that it can be shown to others. */

import { Link } from "wouter";
import { useWords } from "../../appearance";
import { Found } from "../states";
import { type BulkAction, useProgress } from "./requests";
import { BULK, LEFT } from "./words";
import "./bulk.css";

export function Progress({ id, onClose }: { id: string; onClose: () => void }) {
  const here = useWords(BULK);
  const query = useProgress(id);
  return (
    <section className="bulk-progress" aria-live="polite">
      <Found query={query} rows={1}>
        {(action) => (action.status === "running" ? <Going action={action} /> : <Done action={action} />)}
      </Found>
      <button type="button" className="button" onClick={onClose}>
        {here.close}
      </button>
    </section>
  );
}

function Going({ action }: { action: BulkAction }) {
  const here = useWords(BULK);
  const past = action.done + action.skipped + action.failed;
  const title = here[`${action.action}Runs`](action.total);
  return (
    <div>
      <strong>{title}</strong> <progress aria-label={title} value={past} max={action.total} />{" "}
      {here.going(past, action.total)}
    </div>
  );
}

function Done({ action }: { action: BulkAction }) {
  const here = useWords(BULK);
  const left = useWords(LEFT);
  return (
    <div>
      <strong>{here[`${action.action}Done`](action.done)}.</strong> {here.of(action.done, action.total)}
      {action.reasons.length > 0 && (
        <ul>
          {action.reasons.map(({ reason, count, sample, outcome }) => (
            <li key={reason} className={outcome === "failed" ? "progress-refused" : undefined}>
              {here.wasLeft(count, left[reason])}{" "}
              <Link
                href={`/runs?${new URLSearchParams([...sample.map((run) => ["run", run]), ["action", action.id ?? ""]])}`}
              >
                {here.show}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
