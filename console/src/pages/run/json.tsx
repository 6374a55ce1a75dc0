/** What went in and came out, as JSON: folded where it is large, with masked secrets told apart, to be copied whole. */

import { Button } from "antd";
import { Fragment, type ReactNode, useState } from "react";
import type { RunDetail } from "../../api/client";
import { jsonText } from "../../api/json";
import { useWords } from "../../appearance";
import { RUN } from "./words";

/** As much as stands open at once. */
const SMALL = 4_000;
/** So many entries are shown of one list or object before one asks for more. */
const MOST = 100;
/** What stands in place of a secret. */
const MASK = "***";

export function InputResult({ run }: { run: RunDetail }) {
  const words = useWords(RUN);
  const hasState = Object.keys(run.telemetry).length > 0;
  return (
    <div className="pair">
      <Json title={words.input} value={run.inputs} />
      <Json title={words.result} value={run.result} />
      {hasState && <Json title={words.telemetry} value={run.telemetry} />}
    </div>
  );
}

function Json({ title, value }: { title: string; value: unknown }) {
  const words = useWords(RUN);
  const [copied, setCopied] = useState(false);
  const text = jsonText(value ?? null, 2);
  const copy = () => void navigator.clipboard?.writeText(text).then(() => setCopied(true));
  return (
    <section>
      <header className="json-head">
        <h2>{title}</h2>
        <Button size="small" onClick={copy}>
          {copied ? words.copied : words.copy}
        </Button>
      </header>
      {/* biome-ignore lint/a11y/useSemanticElements: it has a section around it */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <div className="json mono" tabIndex={0} role="region" aria-label={title}>
        <Value value={value ?? null} open={text.length <= SMALL} top />
      </div>
    </section>
  );
}

function Value({ value, open, top = false }: { value: unknown; open: boolean; top?: boolean }): ReactNode {
  if (typeof value === "string") return <Text text={jsonText(value)} />;
  if (typeof value !== "object" || value === null) return <span className="json-plain">{jsonText(value)}</span>;
  const entries = Object.entries(value);
  const [begin, end] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return begin + end;
  return <Nested entries={entries} begin={begin} end={end} open={open} top={top} isList={Array.isArray(value)} />;
}

function Nested({
  entries,
  begin,
  end,
  open,
  top,
  isList,
}: {
  entries: [string, unknown][];
  begin: string;
  end: string;
  open: boolean;
  top: boolean;
  isList: boolean;
}) {
  const words = useWords(RUN);
  const [unfolded, setUnfolded] = useState(open || top);
  const [most, setMost] = useState(MOST);
  return (
    <details open={unfolded} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>
        {begin}
        {!unfolded && (
          <span className="faint">
            {" "}
            {words.entries(entries.length)} {end}
          </span>
        )}
      </summary>
      {unfolded && (
        <>
          <div className="json-in">
            {entries.slice(0, most).map(([name, inner], place) => (
              <div key={name}>
                {!isList && (
                  <>
                    <span className="json-name">{jsonText(name)}</span>:{" "}
                  </>
                )}
                <Value value={inner} open={open} />
                {place < entries.length - 1 && ","}
              </div>
            ))}
            {entries.length > most && (
              <button type="button" className="link" onClick={() => setMost(most * 10)}>
                {words.more(entries.length - most)}
              </button>
            )}
          </div>
          {end}
        </>
      )}
    </details>
  );
}

function Text({ text }: { text: string }) {
  const words = useWords(RUN);
  if (!text.includes(MASK)) return <span className="json-text">{text}</span>;
  return (
    <span className="json-text">
      {text.split(MASK).map((part, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text never changes
        <Fragment key={place}>
          {place > 0 && (
            <span className="json-masked" title={words.redacted}>
              {MASK}
            </span>
          )}
          {part}
        </Fragment>
      ))}
    </span>
  );
}
