/** What a run says, as it says it: searched, narrowed, linked to, as plain text, and all of it as a file. */

import { Button } from "antd";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { HOME, type RunDetail } from "../../../api/client";
import { useAppearance, useWords } from "../../../appearance";
import { Nothing } from "../../../ui/states";
import { useView } from "../link";
import { LOG, RUN } from "../words";
import { LEVELS, type Line, type Log, matches, narrowed } from "./lines";
import { Plain } from "./plain";
import { Screen } from "./screen";
import { useHash } from "./use-hash";

export function LogView({
  run: { run_id: runId, attempts, started_at, finished_at },
  log,
}: {
  run: RunDetail;
  log: Log;
}) {
  const common = useWords();
  const run = useWords(RUN);
  const words = useWords(LOG);
  const { language } = useAppearance();
  const [search, change] = useView();
  const [copied, setCopied] = useState(false);
  const level = LEVELS.find((each) => each === search.get("level")) ?? null;
  const number = Number(search.get("attempt"));
  const attempt = attempts.some((each) => each.attempt === number) ? number : null;
  const wrap = search.get("wrap") !== "0";
  const isPlain = search.get("view") === "plain";
  const sought = useDeferredValue((search.get("find") ?? "").toLowerCase());
  const shown = useMemo(() => narrowed(log.lines, attempt, level), [log.lines, attempt, level]);
  const found = useMemo(() => matches(shown, sought), [shown, sought]);
  const linked = useHash();
  const [follow, setFollow] = useState(finished_at === null && linked === null);
  // Which match was gone to; null where none was, so that the line counts that the address names.
  const [seat, setSeat] = useState<number | null>(null);
  const at = Math.min(seat ?? 0, found.length - 1);
  const isMatch = sought !== "" && (seat !== null || linked === null);
  const place = useMemo(() => placeOf(shown, linked), [shown, linked]);
  const target = isMatch ? (found[at] ?? null) : place;
  useEffect(() => {
    if (linked !== null) setFollow(false);
  }, [linked]);
  const seek = (step: number) => {
    setFollow(false);
    setSeat((at + step + found.length) % Math.max(1, found.length));
  };
  const link = (line: Line) => {
    setSeat(null);
    const address = new URL(location.href);
    address.hash = `L${line.number}`;
    // A page that did not come by HTTPS has no clipboard: the address bar has the link all the same.
    void navigator.clipboard?.writeText(address.href).then(() => setCopied(true));
  };
  return (
    <section className="log">
      <div className="log-bar">
        <search className="log-search">
          <input
            type="search"
            aria-label={words.searchLog}
            placeholder={words.searchLog}
            defaultValue={search.get("find") ?? ""}
            onChange={({ target }) => {
              setSeat(0);
              change({ find: target.value || null });
            }}
            onKeyDown={(event) => event.key === "Enter" && seek(event.shiftKey ? -1 : 1)}
          />
          {sought && (
            <>
              <span className="log-count" aria-live="polite">
                {found.length ? words.found(at + 1, found.length) : words.noMatches}
              </span>
              <Button aria-label={run.previous} disabled={!found.length} onClick={() => seek(-1)}>
                ↑
              </Button>
              <Button aria-label={run.next} disabled={!found.length} onClick={() => seek(1)}>
                ↓
              </Button>
            </>
          )}
        </search>
        <select
          aria-label={words.level}
          value={level ?? ""}
          onChange={(event) => change({ level: event.target.value || null })}
        >
          <option value="">{words.allLevels}</option>
          <option value="info">{words.info}</option>
          <option value="warning">{words.warning}</option>
          <option value="error">{words.errors}</option>
        </select>
        {attempts.length > 1 && (
          <select
            aria-label={common.attempt}
            value={attempt ?? ""}
            onChange={(event) => change({ attempt: event.target.value || null })}
          >
            <option value="">{run.allAttempts}</option>
            {[...new Set(attempts.map((each) => each.attempt))].map((each) => (
              <option key={each} value={each}>
                {run.attemptOf(each)}
              </option>
            ))}
          </select>
        )}
        <Toggle name={words.wrap} on={wrap} onChange={(on) => change({ wrap: on ? null : "0" })} />
        <Toggle name={words.plainView} on={isPlain} onChange={(on) => change({ view: on ? "plain" : null })} />
        {!isPlain && <Toggle name={words.follow} on={follow} onChange={setFollow} />}
        <span className="faint">{words.lines(shown.length.toLocaleString(language))}</span>
        <a className="log-download" href={`${HOME}/runs/${encodeURIComponent(runId)}/logs/text`} download>
          {common.download}
        </a>
        <span className="faint" aria-live="polite">
          {copied && run.linkCopied}
        </span>
      </div>
      {shown.length === 0 ? (
        <Nothing title={log.lines.length ? common.nothingMatches : started_at ? words.noLines : words.notStarted} />
      ) : isPlain ? (
        <Plain lines={shown} wrap={wrap} sought={sought} found={found.length} target={target} />
      ) : (
        <Screen
          lines={shown}
          wrap={wrap}
          sought={sought}
          target={target}
          chosen={target === null ? null : (shown[target]?.number ?? null)}
          follow={follow}
          onFollow={setFollow}
          onLink={link}
        />
      )}
    </section>
  );
}

/** The place of a line by its number: lines stand in the order of these. */
function placeOf(lines: readonly Line[], number: number | null): number | null {
  if (number === null) return null;
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.number ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return lines[low]?.number === number ? low : null;
}

function Toggle({ name, on, onChange }: { name: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="log-toggle">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.target.checked)} /> {name}
    </label>
  );
}
