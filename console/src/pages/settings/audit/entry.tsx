/** One change: a row of it, and below that, on demand, what of it differs. */

import { useSearchParams } from "wouter";
import type { Schemas } from "../../../api/client";
import { jsonText } from "../../../api/json";
import { useAppearance, useWords } from "../../../appearance";
import { useAddress } from "../../../ui/address";
import { Moment } from "../../../ui/time";
import { changes } from "./changes";
import { AUDIT } from "./words";

/** Of one change so many fields are shown: a job may have thousands. */
const MOST = 200;

export function EntryRows({ entry, open }: { entry: Schemas["AuditEntry"]; open: boolean }) {
  const words = useWords(AUDIT);
  const { language } = useAppearance();
  const [, setSearch] = useSearchParams();
  const turn = () =>
    setSearch((standing) => {
      const next = new URLSearchParams(standing);
      open ? next.delete("entry") : next.set("entry", entry.entry_id);
      return next;
    });
  return (
    <>
      <tr>
        <td>
          <Moment at={entry.at} />
        </td>
        <td>
          <Only filter="who" value={entry.who} />
        </td>
        <td>
          <Only filter="action" value={entry.action} said={entry.what[language]} />
        </td>
        <td>
          <Only filter="target" value={entry.target} />
        </td>
        <td>
          <button type="button" className="link" aria-expanded={open} onClick={turn}>
            {open ? words.hide : words.show}
          </button>
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={5} className="audit-open">
            <Differences entry={entry} />
          </td>
        </tr>
      )}
    </>
  );
}

/** A value that leads to what has it too. */
function Only({ filter, value, said = value }: { filter: "who" | "action" | "target"; value: string; said?: string }) {
  const words = useWords(AUDIT);
  const { change } = useAddress();
  return (
    <button type="button" className="only" title={words.only(value)} onClick={() => change({ [filter]: value })}>
      {said}
    </button>
  );
}

function Differences({ entry }: { entry: Schemas["AuditEntry"] }) {
  const words = { ...useWords(), ...useWords(AUDIT) };
  const found = changes(entry.before, entry.after);
  return (
    <>
      {found.length === 0 ? (
        <p className="faint">{words.nothingTold}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>{words.field}</th>
              <th>{words.before}</th>
              <th>{words.after}</th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, MOST).map(({ path, before, after }) => (
              <tr key={path}>
                <th scope="row">
                  <code>{path}</code>
                </th>
                <td>
                  <Value value={before} sign="−" />
                </td>
                <td>
                  <Value value={after} sign="+" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {found.length > MOST && <p>{words.more(found.length - MOST)}</p>}
      <p className="faint">
        {words.trace} <code>{entry.trace_id}</code>
      </p>
    </>
  );
}

function Value({ value, sign }: { value: unknown; sign: "−" | "+" }) {
  if (value === undefined) return <span className="faint">–</span>;
  return (
    <code className={sign === "+" ? "audit-after" : "audit-before"}>
      {sign} {typeof value === "string" ? value : jsonText(value)}
    </code>
  );
}
