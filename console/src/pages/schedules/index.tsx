/** The schedules: as a list, as the agenda of the days to come, and by the hours of a week. */

import { Button, Input, Segmented } from "antd";
import { useSearchParams } from "wouter";
import { useWords } from "../../appearance";
import { Heading } from "../../ui/heading";
import { AgendaView } from "./agenda";
import type { Wanted } from "./data";
import { ScheduleSheet } from "./detail";
import { HeatmapView } from "./heatmap";
import { ListView } from "./list";
import { STANDINGS, type StandingName } from "./standing";
import { TryDialog } from "./trying";
import { SCHEDULES, STANDINGS as STANDING_WORDS } from "./words";
import "./schedules.css";

const VIEWS = ["list", "agenda", "heatmap"] as const;
type View = (typeof VIEWS)[number];

export type Change = (changes: Record<string, string | null>) => void;

export default function SchedulesPage() {
  const words = { ...useWords(), ...useWords(SCHEDULES) };
  const [search, setSearch] = useSearchParams();
  const view = VIEWS.find((each) => each === search.get("view")) ?? "list";
  const wanted: Wanted = {
    q: search.get("q") ?? "",
    job: search.getAll("job"),
    standing: search
      .getAll("standing")
      .filter((each): each is StandingName => STANDINGS.includes(each as StandingName)),
  };
  const filtered = wanted.q !== "" || wanted.job.length > 0 || wanted.standing.length > 0;
  const change: Change = (changes) =>
    setSearch((standing) => {
      const next = new URLSearchParams(standing);
      for (const [name, value] of Object.entries(changes))
        if (value) next.set(name, value);
        else next.delete(name);
      return next;
    });
  const filter: Change = (changes) => change({ ...changes, cursor: null });
  const clear = () => filter({ q: null, job: null, standing: null });
  const chosen = search.get("schedule");
  const parts = { wanted, filtered, search, change, clear };
  return (
    <>
      <header className="page-head">
        <Heading>{words.schedules}</Heading>
        <Segmented<View>
          aria-label={words.view}
          value={view}
          onChange={(next) => change({ view: next === "list" ? null : next, cursor: null })}
          options={VIEWS.map((value) => ({ value, label: words[value] }))}
        />
        <Input.Search
          allowClear
          className="schedule-search"
          aria-label={words.search}
          placeholder={words.search}
          defaultValue={wanted.q}
          key={wanted.q}
          onSearch={(said) => filter({ q: said })}
        />
        <StandingSelect value={wanted.standing[0] ?? ""} onChange={(standing) => filter({ standing })} />
        {filtered && <Button onClick={clear}>{words.clear}</Button>}
        <Button className="actions" onClick={() => change({ try: "0 9 * * 1-5" })}>
          {words.tryOut}
        </Button>
      </header>
      {wanted.job.map((job) => (
        <p key={job}>{words.ofJob(job)}</p>
      ))}
      {view === "list" && <ListView {...parts} />}
      {view === "agenda" && <AgendaView {...parts} />}
      {view === "heatmap" && <HeatmapView {...parts} />}
      {chosen && <ScheduleSheet key={chosen} id={chosen} after={search.get("after")} change={change} />}
      {search.has("try") && <TryDialog search={search} change={change} />}
    </>
  );
}

/** What each view is given: which schedules are meant, and how the address is changed. */
export interface Parts {
  wanted: Wanted;
  filtered: boolean;
  search: URLSearchParams;
  change: Change;
  clear: () => void;
}

function StandingSelect({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const words = { ...useWords(), ...useWords(SCHEDULES) };
  const standings = useWords(STANDING_WORDS);
  return (
    <select aria-label={words.status} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">{words.anyStanding}</option>
      {STANDINGS.map((standing) => (
        <option key={standing} value={standing}>
          {standings[standing]}
        </option>
      ))}
    </select>
  );
}
