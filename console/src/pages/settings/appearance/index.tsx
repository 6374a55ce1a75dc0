/** How the console looks to this reader, and who they are. */

import { Segmented, Select } from "antd";
import { useSession } from "../../../api/session";
import { type Theme, useAppearance, useWords } from "../../../appearance";
import { Moment } from "../../../ui/time";
import { OF_BROWSER, zoneOf, zones } from "../../../ui/zone";
import { LANGUAGE_NAMES, LANGUAGES, type Language } from "../../../words";
import { Frame } from "../frame";
import { APPEARANCE } from "./words";

export default function AppearancePage() {
  return (
    <Frame here="appearance">
      {() => (
        <>
          <Looks />
          <Who />
        </>
      )}
    </Frame>
  );
}

function Looks() {
  const words = useWords(APPEARANCE);
  const { language, theme, chosenZone, setLanguage, setTheme, setZone } = useAppearance();
  return (
    <section>
      <p className="faint">{words.what}</p>
      <dl className="choices">
        <dt>{words.language}</dt>
        <dd>
          <Segmented<Language>
            aria-label={words.language}
            value={language}
            onChange={setLanguage}
            options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
          />
        </dd>
        <dt>{words.theme}</dt>
        <dd>
          <Segmented<Theme>
            aria-label={words.theme}
            value={theme}
            onChange={setTheme}
            options={(["system", "light", "dark"] as const).map((value) => ({ value, label: words[value] }))}
          />
        </dd>
        <dt>{words.zone}</dt>
        <dd>
          <Select
            showSearch
            aria-label={words.zone}
            value={chosenZone}
            onChange={setZone}
            options={[
              { value: OF_BROWSER, label: words.zoneOfBrowser(zoneOf(OF_BROWSER)) },
              ...zones().map((value) => ({ value, label: value })),
            ]}
          />
        </dd>
        <dt>{words.now}</dt>
        <dd>
          <Moment at={new Date().toISOString()} />
        </dd>
      </dl>
    </section>
  );
}

function Who() {
  const words = useWords(APPEARANCE);
  const session = useSession().data;
  if (!session) return null;
  return (
    <section>
      <h2>{words.login}</h2>
      <dl className="choices">
        <dt>{words.name}</dt>
        <dd>{session.name}</dd>
        <dt>{words.may}</dt>
        <dd>{session.scopes.join(", ")}</dd>
        <dt>{words.domain}</dt>
        <dd>{session.domain ?? words.everyDomain}</dd>
        <dt>{words.ends}</dt>
        <dd>
          <Moment at={session.expires_at} />
        </dd>
      </dl>
    </section>
  );
}
