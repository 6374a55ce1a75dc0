/** What stands around every page: where one can go, whether it is live, and how it looks. */

import { Select } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Session } from "../api/client";
import { type Connection, useLive } from "../api/live";
import { useLogout } from "../api/session";
import { LANGUAGE_NAMES, type Language, type Theme, useAppearance } from "../appearance";
import { Moment } from "../ui/time";

const PAGES = [{ path: "/runs", name: "runs", sign: "▶" }] as const;

export function Shell({ session, children }: { session: Session; children: ReactNode }) {
  const { words } = useAppearance();
  const [location] = useLocation();
  const connection = useLive(true);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <nav className="rail" aria-label={words.navigation}>
        <Link href="/" className="brand">
          Treadle
        </Link>
        {PAGES.map(({ path, name, sign }) => (
          <Link key={path} href={path} aria-current={location.startsWith(path) ? "page" : undefined}>
            <span aria-hidden="true">{sign}</span> {words[name]}
          </Link>
        ))}
        <div className="rail-foot">
          <Dot connection={connection} />
          <Looks />
          <Account session={session} />
        </div>
      </nav>
      <div className="stage">
        <Stale connection={connection} />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  );
}

function Dot({ connection }: { connection: Connection }) {
  const { words } = useAppearance();
  return (
    <span className={`dot dot-${connection}`} role="status">
      {connection === "live" ? words.live : words.connecting}
    </span>
  );
}

/** Says since when what is shown may be out of date. */
function Stale({ connection }: { connection: Connection }) {
  const { words } = useAppearance();
  const [since, setSince] = useState<string | null>(null);
  useEffect(() => {
    if (connection === "live") setSince(null);
    else setSince((standing) => standing ?? new Date().toISOString());
  }, [connection]);
  if (connection !== "lost") return null;
  return (
    <div className="stale" role="alert">
      {words.staleSince} <Moment at={since} />
    </div>
  );
}

function Looks() {
  const { language, theme, words, setLanguage, setTheme } = useAppearance();
  return (
    <>
      <Select<Language>
        aria-label={words.language}
        value={language}
        onChange={setLanguage}
        options={(Object.keys(LANGUAGE_NAMES) as Language[]).map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
      />
      <Select<Theme>
        aria-label={words.theme}
        value={theme}
        onChange={setTheme}
        options={(["system", "light", "dark"] as const).map((value) => ({ value, label: words[value] }))}
      />
    </>
  );
}

function Account({ session }: { session: Session }) {
  const { words } = useAppearance();
  const logout = useLogout();
  return (
    <div className="account">
      <span>{session.name}</span>
      <button type="button" className="link" onClick={() => logout.mutate()}>
        {words.logOut}
      </button>
    </div>
  );
}
