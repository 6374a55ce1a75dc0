/** Filters by name: those that come along, and those that somebody has saved. */

import { useState } from "react";
import { Link } from "wouter";
import { useSession } from "../../api/session";
import { useAppearance, useWords } from "../../appearance";
import { Menu } from "../../ui/menu";
import type { Address } from "./address";
import { since } from "./period";
import { read, removed, renamed, saved, type View } from "./views";
import { FILTERS } from "./words";

export function Views({ address }: { address: Address }) {
  const here = useWords(FILTERS);
  return (
    <Menu label={here.views} className="views">
      {(close) => <Listed address={address} close={close} />}
    </Menu>
  );
}

function Listed({ address, close }: { address: Address; close: () => void }) {
  const here = useWords(FILTERS);
  const { zone } = useAppearance();
  const [views, keep] = useViews();
  const search = address.filters.toString();
  const today = encodeURIComponent(since("today", zone, Date.now()));
  const given: View[] = [
    { name: here.failedToday, search: `status=failed&finished_after=${today}` },
    { name: here.running, search: "status=running" },
    { name: here.waiting, search: "status=ready&status=blocked&status=scheduled" },
    { name: here.letters, search: "dead_letters=true" },
  ];
  return (
    <>
      {given.map((view) => (
        <Link key={view.name} href={`/runs?${view.search}`} className="choice" onClick={close}>
          {view.name}
        </Link>
      ))}
      {views.length > 0 && <strong className="apart">{here.saved}</strong>}
      {views.map((view) => (
        <Saved
          key={view.name}
          view={view}
          close={close}
          rename={(name) => keep(renamed(views, view.name, name))}
          remove={() => keep(removed(views, view.name))}
        />
      ))}
      {search && (
        <Named label={here.saveAs} button={here.save} onName={(name) => keep(saved(views, { name, search }))} />
      )}
    </>
  );
}

function Saved({
  view,
  close,
  rename,
  remove,
}: {
  view: View;
  close: () => void;
  rename: (name: string) => void;
  remove: () => void;
}) {
  const here = useWords(FILTERS);
  const [naming, setNaming] = useState(false);
  if (naming)
    return (
      <Named
        label={here.renameView(view.name)}
        button={here.rename}
        name={view.name}
        onName={(name) => {
          rename(name);
          setNaming(false);
        }}
      />
    );
  return (
    <div className="view">
      <Link href={`/runs?${view.search}`} className="choice cut" title={view.name} onClick={close}>
        {view.name}
      </Link>
      <button type="button" className="sign" aria-label={here.renameView(view.name)} onClick={() => setNaming(true)}>
        ✎
      </button>
      <button type="button" className="sign" aria-label={here.deleteView(view.name)} onClick={remove}>
        ×
      </button>
    </div>
  );
}

function Named({
  label,
  button,
  name = "",
  onName,
}: {
  label: string;
  button: string;
  name?: string;
  onName: (name: string) => void;
}) {
  return (
    <form
      className="apart view-name"
      onSubmit={(event) => {
        event.preventDefault();
        const said = `${new FormData(event.currentTarget).get("name")}`.trim();
        if (said) onName(said);
        event.currentTarget.reset();
      }}
    >
      <input
        name="name"
        className="entry"
        required
        maxLength={60}
        aria-label={label}
        placeholder={label}
        defaultValue={name}
      />
      <button type="submit" className="button">
        {button}
      </button>
    </form>
  );
}

/** The views of who is logged in, as this browser keeps them. */
function useViews(): [View[], (views: View[]) => void] {
  const session = useSession().data;
  const place = `treadle.views.${JSON.stringify([session?.name ?? null, session?.domain ?? null])}`;
  const [views, setViews] = useState(() => read(localStorage.getItem(place)));
  return [
    views,
    (next) => {
      localStorage.setItem(place, JSON.stringify(next));
      setViews(next);
    },
  ];
}
