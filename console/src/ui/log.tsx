/** What a run says: history first, then live, on one cursor. The text is text: find and select work as in any page. */

import { Input, Select, Switch } from "antd";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { HOME, type LogEntry } from "../api/client";
import { useWords } from "../appearance";
import { Nothing } from "./states";

const LEVELS = ["debug", "info", "warning", "error"] as const;
type Level = (typeof LEVELS)[number];

/** Lines come in floods: they are shown a few times a second. */
const PAUSE_MS = 150;

export function LogView({ runId, ended }: { runId: string; ended: boolean }) {
  const words = useWords();
  const lines = useLog(runId);
  const [text, setText] = useState("");
  const [level, setLevel] = useState<Level | null>(null);
  const [follow, setFollow] = useState(true);
  const sought = useDeferredValue(text.toLowerCase());
  const shown = useMemo(() => lines.filter((line) => fits(line, sought, level)), [lines, sought, level]);
  const box = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is their coming that scrolls
  useEffect(() => {
    if (follow && !ended && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown, follow, ended]);
  return (
    <section className="log">
      <div className="log-bar">
        <Input
          allowClear
          aria-label={words.searchLog}
          placeholder={words.searchLog}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Select<Level | "">
          aria-label={words.allLevels}
          value={level ?? ""}
          onChange={(chosen) => setLevel(chosen || null)}
          options={[{ value: "", label: words.allLevels }, ...LEVELS.map((value) => ({ value, label: value }))]}
        />
        <span>
          <Switch size="small" aria-label={words.follow} checked={follow} onChange={setFollow} /> {words.follow}
        </span>
        <button type="button" className="link" onClick={() => download(runId, lines)}>
          {words.download}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <div className="lines" ref={box} tabIndex={0} role="log" aria-label={words.logs}>
        {shown.length === 0 ? <Nothing title={lines.length ? words.nothingMatches : words.noLines} /> : null}
        {shown.map((line) => (
          <Line key={line.seq} line={line} />
        ))}
      </div>
    </section>
  );
}

function Line({ line }: { line: LogEntry }) {
  return (
    <div className={`line line-${line.level}`} id={`L${line.seq}`}>
      <a href={`#L${line.seq}`} className="line-at" aria-label={line.at}>
        {line.at.slice(11, 23)}
      </a>
      <span className="line-text">{line.message}</span>
    </div>
  );
}

function useLog(runId: string): LogEntry[] {
  const [lines, setLines] = useState<LogEntry[]>([]);
  useEffect(() => {
    setLines([]);
    let fresh: LogEntry[] = [];
    let pause = 0;
    const show = () => {
      pause = 0;
      const more = fresh;
      fresh = [];
      setLines((standing) => standing.concat(more));
    };
    const source = new EventSource(`${HOME}/runs/${encodeURIComponent(runId)}/logs?follow=1`);
    source.addEventListener("log", (event) => {
      fresh.push(JSON.parse(event.data));
      pause ||= window.setTimeout(show, PAUSE_MS);
    });
    source.addEventListener("end", () => source.close());
    return () => {
      source.close();
      window.clearTimeout(pause);
    };
  }, [runId]);
  return lines;
}

function fits(line: LogEntry, sought: string, level: Level | null): boolean {
  return (level === null || line.level === level) && (!sought || line.message.toLowerCase().includes(sought));
}

function download(runId: string, lines: LogEntry[]): void {
  const text = lines.map((line) => `${line.at} ${line.level} ${line.message}\n`).join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = `${runId}.log`;
  link.click();
  URL.revokeObjectURL(link.href);
}
