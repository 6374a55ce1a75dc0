/** At the foot of the rail: how the console looks to its reader, and who that is. */

import type { Session } from "../api/client";
import { useLogout } from "../api/session";
import { type Theme, useAppearance, useWords } from "../appearance";
import { OF_BROWSER, zoneOf } from "../ui/zone";
import { LANGUAGE_NAMES, LANGUAGES, type Language } from "../words";
import { SHELL } from "./words";

/** The zone of all times shown: the browser's, UTC, or one that was chosen in the settings. */
export function ZoneChip() {
  const { chosenZone, setZone } = useAppearance();
  const words = useWords(SHELL);
  return (
    <select aria-label={words.zone} value={chosenZone} onChange={(event) => setZone(event.target.value)}>
      <option value={OF_BROWSER}>{words.zoneOfBrowser(zoneOf(OF_BROWSER))}</option>
      <option value="UTC">UTC</option>
      {chosenZone !== OF_BROWSER && chosenZone !== "UTC" && <option value={chosenZone}>{chosenZone}</option>}
    </select>
  );
}

export function Looks() {
  const { language, theme, setLanguage, setTheme } = useAppearance();
  const words = useWords(SHELL);
  return (
    <div className="looks">
      <select
        aria-label={words.language}
        value={language}
        onChange={(event) => setLanguage(event.target.value as Language)}
      >
        {LANGUAGES.map((each) => (
          <option key={each} value={each}>
            {LANGUAGE_NAMES[each]}
          </option>
        ))}
      </select>
      <select aria-label={words.theme} value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
        {(["system", "light", "dark"] as const).map((each) => (
          <option key={each} value={each}>
            {words[each]}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Account({ session }: { session: Session }) {
  const words = useWords(SHELL);
  const logout = useLogout();
  return (
    <div className="account">
      <span className="account-who" title={session.scopes.join(", ")}>
        {session.name.replace(/^user:/, "")}
        {session.domain !== null && <span className="chip">{words.inDomain(session.domain)}</span>}
      </span>
      <button type="button" className="link" onClick={() => logout.mutate()}>
        {words.logOut}
      </button>
    </div>
  );
}
