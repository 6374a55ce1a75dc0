/** What is chosen within the menus of the filters. */

import type { UseQueryResult } from "@tanstack/react-query";
import { Suspense, useId, useState } from "react";
import type { State } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { part } from "../../ui/part";
import { Found, Skeleton } from "../../ui/states";
import { STATES, Status } from "../../ui/status";
import { fromWall } from "../../ui/wall";
import type { Address } from "./address";
import { type Period, withFilter, withPeriod } from "./filters";
import { useJobs, usePaths, useQueues, useTags } from "./known";
import { PRESETS, since } from "./period";
import { FILTERS } from "./words";

const Range = part(() => import("./range"));

const NARROW = "(max-width: 720px)";

export interface Part {
  address: Address;
  close: () => void;
}

export function StatusChoice({ address }: Part) {
  const here = useWords(FILTERS);
  const chosen = address.filters.getAll("status");
  const dead = address.filters.get("dead_letters") === "true";
  const turn = (state: State) => address.go((search) => withFilter(search, "status", turned(chosen, state)));
  return (
    <>
      {STATES.map((state) => (
        <label key={state} className="choice">
          <input type="checkbox" checked={chosen.includes(state)} onChange={() => turn(state)} />
          <Status state={state} />
        </label>
      ))}
      <label className="choice apart">
        <input
          type="checkbox"
          checked={dead}
          onChange={() => address.go((search) => withFilter(search, "dead_letters", dead ? [] : ["true"]))}
        />
        {here.deadLetters}
      </label>
    </>
  );
}

export function JobChoice(part: Part) {
  return <Choice {...part} name="job" known={useJobs()} />;
}

export function QueueChoice(part: Part) {
  return <Choice {...part} name="queue" known={useQueues()} />;
}

export function TagChoice(part: Part) {
  return <Choice {...part} name="tag" known={useTags()} />;
}

/** Any of the names that are known, or one that is typed: of a job that was deleted there are runs still. */
function Choice({ address, name, known }: Part & { name: string; known: UseQueryResult<string[]> }) {
  const here = useWords(FILTERS);
  const [text, setText] = useState("");
  const chosen = address.filters.getAll(name);
  const turn = (value: string) => address.go((search) => withFilter(search, name, turned(chosen, value)));
  return (
    <>
      <input
        type="search"
        className="entry"
        aria-label={here.find}
        placeholder={here.find}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: it was opened to be typed into
        autoFocus
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !text.trim()) return;
          turn(text.trim());
          setText("");
        }}
      />
      <Found query={known} rows={3}>
        {(names) => {
          const listed = [...new Set([...chosen, ...names])].filter((each) => includes(each, text));
          return listed.length === 0 ? (
            <span className="faint">{here.none}</span>
          ) : (
            listed.slice(0, 100).map((value) => (
              <label key={value} className="choice">
                <input type="checkbox" checked={chosen.includes(value)} onChange={() => turn(value)} />
                <span className="cut" title={value}>
                  {value}
                </span>
              </label>
            ))
          );
        }}
      </Found>
    </>
  );
}

export function PeriodChoice({ address, close, period }: Part & { period: Period }) {
  const here = useWords(FILTERS);
  const { zone } = useAppearance();
  const [between, setBetween] = useState(false);
  const choose = (after: string, before: string | null) => {
    address.go((search) => withPeriod(search, period, after, before));
    close();
  };
  return (
    <>
      {PRESETS.map((preset) => (
        <button
          key={preset}
          type="button"
          className="choice"
          onClick={() => choose(since(preset, zone, Date.now()), null)}
        >
          {here[preset]}
        </button>
      ))}
      {between ? (
        <Between
          onChoose={(...shown) => {
            const [from, to] = shown.map((wall) => fromWall(wall, zone));
            if (from != null && to != null) choose(new Date(from).toISOString(), new Date(to).toISOString());
          }}
        />
      ) : (
        <button type="button" className="choice" onClick={() => setBetween(true)}>
          {here.between}
        </button>
      )}
      <span className="faint">{here.inZone(zone)}</span>
    </>
  );
}

/** From when until when, as clocks show it (`2026-11-22T17:30`). A phone has a calendar of its own, which fits it. */
function Between({ onChoose }: { onChoose: (from: string, to: string) => void }) {
  const here = useWords(FILTERS);
  const id = useId();
  if (!window.matchMedia(NARROW).matches)
    return (
      <Suspense fallback={<Skeleton rows={1} />}>
        <Range onChoose={onChoose} />
      </Suspense>
    );
  return (
    <form
      className="filter-form"
      onSubmit={(event) => {
        event.preventDefault();
        const said = new FormData(event.currentTarget);
        onChoose(`${said.get("from")}`, `${said.get("to")}`);
      }}
    >
      <label htmlFor={`${id}f`}>{here.start}</label>
      <input id={`${id}f`} name="from" type="datetime-local" className="entry" required />
      <label htmlFor={`${id}t`}>{here.end}</label>
      <input id={`${id}t`} name="to" type="datetime-local" className="entry" required />
      <button type="submit" className="button main">
        {here.apply}
      </button>
    </form>
  );
}

/** A value of one of the inputs that jobs declare as searchable. */
export function InputChoice({ address, close }: Part) {
  const here = useWords(FILTERS);
  const paths = usePaths(address.filters.getAll("job"));
  const id = useId();
  return (
    <Found query={paths} rows={2}>
      {(known) =>
        known.length === 0 ? (
          <span className="faint">{here.noPath}</span>
        ) : (
          <form
            className="filter-form"
            onSubmit={(event) => {
              event.preventDefault();
              const said = new FormData(event.currentTarget);
              const where = [...address.filters.getAll("where"), `${said.get("path")}=${said.get("value")}`];
              address.go((search) => withFilter(search, "where", where));
              close();
            }}
          >
            <label htmlFor={`${id}p`}>{here.path}</label>
            <select id={`${id}p`} name="path">
              {known.map((path) => (
                <option key={path}>{path}</option>
              ))}
            </select>
            <label htmlFor={`${id}v`}>{here.value}</label>
            <input id={`${id}v`} name="value" className="entry" required />
            <button type="submit" className="button main">
              {here.add}
            </button>
          </form>
        )
      }
    </Found>
  );
}

function includes(name: string, text: string): boolean {
  return name.toLowerCase().includes(text.trim().toLowerCase());
}

function turned(chosen: readonly string[], value: string): string[] {
  return chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value];
}
