/** What stands around every page: where one can go, whether it is live, and how it looks. */

import { type ReactNode, Suspense, useCallback, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Session } from "../api/client";
import { type Connection, useLive } from "../api/live";
import { useWords } from "../appearance";
import { part } from "../ui/part";
import { Dot, Stale } from "./connection";
import { Account, Looks, ZoneChip } from "./foot";
import { Icon } from "./icons";
import { isOf, PAGES } from "./pages";
import { COMMAND, Shortcuts, useShortcuts } from "./shortcuts";
import "./shell.css";
import { SHELL } from "./words";

const Palette = part(() => import("./palette"));

export function Shell({ session, children }: { session: Session; children: ReactNode }) {
  const words = useWords(SHELL);
  const connection = useLive(true);
  const [drawer, setDrawer] = useDrawer();
  const [above, setAbove] = useState<"palette" | "shortcuts" | null>(null);
  const openPalette = useCallback(() => setAbove("palette"), []);
  const openHelp = useCallback(() => setAbove("shortcuts"), []);
  useShortcuts(openPalette, openHelp);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <header className="bar">
        <button type="button" aria-expanded={drawer} aria-controls="rail" onClick={() => setDrawer(!drawer)}>
          <Icon name="menu" />
          <span className="hidden">{words.menu}</span>
        </button>
        <Link href="/" className="brand">
          Treadle
        </Link>
        <Dot connection={connection} />
        <button type="button" onClick={openPalette}>
          <Icon name="search" />
          <span className="hidden">{words.search}</span>
        </button>
      </header>
      <Rail session={session} connection={connection} open={drawer} onSearch={openPalette} />
      {drawer && <button type="button" className="scrim" aria-label={words.close} onClick={() => setDrawer(false)} />}
      <div className="stage" inert={drawer}>
        <Stale connection={connection} />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
      {above === "palette" && (
        <Suspense>
          <Palette onClose={() => setAbove(null)} onHelp={openHelp} />
        </Suspense>
      )}
      {above === "shortcuts" && <Shortcuts onClose={() => setAbove(null)} />}
    </div>
  );
}

function Rail(props: { session: Session; connection: Connection; open: boolean; onSearch: () => void }) {
  const { session, connection, open, onSearch } = props;
  const words = useWords(SHELL);
  const [location] = useLocation();
  return (
    <nav id="rail" className={open ? "rail rail-open" : "rail"} aria-label={words.navigation}>
      <Link href="/" className="brand">
        Treadle
      </Link>
      <button type="button" className="rail-search" onClick={onSearch}>
        <Icon name="search" /> <span>{words.search}</span> <kbd>{COMMAND} K</kbd>
      </button>
      {PAGES.map(({ path, name }) => (
        <Link key={path} href={path} aria-current={isOf(path, location) ? "page" : undefined}>
          <Icon name={name} /> {words[name]}
        </Link>
      ))}
      <div className="rail-foot">
        <Dot connection={connection} />
        <ZoneChip />
        <Looks />
        <Account session={session} />
      </div>
    </nav>
  );
}

/** At phone width the rail is a drawer; it closes by Escape, and where a way was taken. */
function useDrawer() {
  const [location] = useLocation();
  const [open, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the change of address that closes it
  useEffect(() => setOpen(false), [location]);
  useEffect(() => {
    if (!open) return;
    const close = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [open]);
  return [open, setOpen] as const;
}
