/** Asks before many runs are acted upon, saying how many exactly, how they stand, and what is going to be left out. */

import { useState } from "react";
import { Link } from "wouter";
import type { State } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { Dialog } from "../dialog";
import { Found, Wrong } from "../states";
import { STATES, Status } from "../status";
import { type Act, type BulkAction, type Selection, useBegin, useForesight } from "./requests";
import { BULK, LEFT } from "./words";
import "./bulk.css";

const SHOWN = 3;
const MINUTE_MS = 60_000;
const LONGEST_MINUTES = 7 * 24 * 60;

export function Confirm({
  selection,
  act,
  minutes: proposed = 0,
  onClose,
  onBegun,
}: {
  selection: Selection;
  act: Act;
  /** Over how long starts are proposed to be spread. */
  minutes?: number;
  onClose: () => void;
  onBegun: (action: string) => void;
}) {
  const here = useWords(BULK);
  const foresight = useForesight(selection.id, act);
  const begin = useBegin(selection.id, act);
  const [minutes, setMinutes] = useState(proposed);
  const [why, setWhy] = useState("");
  const count = foresight.data?.done ?? 0;
  const title = foresight.data ? here[`${act}Runs`](count) : here[act];
  return (
    <Dialog label={title} className="confirm" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const more = {
            spread_ms: act === "retry" ? Math.round(minutes * MINUTE_MS) : 0,
            why: act === "discard" ? why : "",
          };
          begin.mutate(more, { onSuccess: (action) => action.id && onBegun(action.id) });
        }}
      >
        <h2>{title}</h2>
        {foresight.isPending && <p role="status">{here.foreseeing}</p>}
        <Found query={foresight} rows={2}>
          {(foreseen) => <Effect act={act} foreseen={foreseen} />}
        </Found>
        <Sample selection={selection} />
        {act === "retry" && count > 1 && (
          <label>
            {here.spread}{" "}
            <input
              type="number"
              className="entry"
              min={0}
              max={LONGEST_MINUTES}
              step="any"
              value={minutes}
              onChange={(event) => setMinutes(event.target.valueAsNumber || 0)}
            />
          </label>
        )}
        {act === "discard" && count > 0 && (
          <label>
            {here.why}{" "}
            <input className="entry" value={why} maxLength={500} onChange={(event) => setWhy(event.target.value)} />
          </label>
        )}
        {begin.error && <Wrong error={begin.error} />}
        <footer>
          <button type="button" className="button" onClick={onClose}>
            {here.notNow}
          </button>
          <button
            type="submit"
            className={`button ${act === "retry" ? "main" : "danger"}`}
            disabled={count === 0 || begin.isPending}
          >
            {here[`${act}Runs`](count)}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function Effect({ act, foreseen }: { act: Act; foreseen: BulkAction }) {
  const here = useWords(BULK);
  const left = useWords(LEFT);
  const { language } = useAppearance();
  return (
    <>
      <p>
        <strong>{here.of(foreseen.done, foreseen.total)}.</strong>{" "}
        {foreseen.done > 0 ? here[`${act}Effect`] : here.nothing}
      </p>
      <ul>
        {STATES.filter((state: State) => foreseen.acted[state]).map((state) => (
          <li key={state}>
            {foreseen.acted[state]?.toLocaleString(language)} <Status state={state} />
          </li>
        ))}
        {foreseen.reasons.map(({ reason, count }) => (
          <li key={reason} className="faint">
            {here.left(count, left[reason])}
          </li>
        ))}
      </ul>
    </>
  );
}

function Sample({ selection }: { selection: Selection }) {
  const here = useWords(BULK);
  return (
    <div className="faint sample">
      {here.later} {here.newest}:
      {selection.sample.slice(0, SHOWN).map((run) => (
        <Link key={run.run_id} href={`/runs/${run.run_id}`} className="mono">
          {run.run_id}
        </Link>
      ))}
    </div>
  );
}
