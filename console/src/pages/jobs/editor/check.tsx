/** What the server thinks of the document as it stands: what is wrong and where, or when it would run. */

import { useWords } from "../../../appearance";
import { Fires, When } from "../../../ui/schedule";
import { Wrong } from "../../../ui/states";
import type { Checked } from "./checking";
import { EDITOR } from "./words";

/** `touched`: what is wrong with a document that nobody has written in yet is not told. */
export function CheckPanel({
  checked,
  touched,
  onLine,
}: {
  checked: Checked;
  touched: boolean;
  onLine: (line: number) => void;
}) {
  const words = useWords(EDITOR);
  const { faults, settled, found, failed } = checked;
  return (
    <aside className="check" aria-label={words.check}>
      <div id="faults" role="status" aria-busy={!settled}>
        {failed ? (
          <Wrong {...failed} />
        ) : faults.length > 0 && !touched ? (
          <p className="faint">{words.whileWriting}</p>
        ) : faults.length > 0 ? (
          <>
            <h2 className="fault">✕ {words.faults(faults.length)}</h2>
            <ul>
              {faults.map(({ pointer, message, line }) => (
                <li key={pointer + message}>
                  <button type="button" className="link" onClick={() => onLine(line)}>
                    {words.line(line)}
                  </button>{" "}
                  {pointer && <code>{pointer}</code>} {message}
                </li>
              ))}
            </ul>
          </>
        ) : (
          <h2 className={settled ? "fine" : undefined}>{settled ? `✓ ${words.valid}` : words.checking}</h2>
        )}
      </div>
      {found?.valid && (
        <>
          <h2>{words.nextFires}</h2>
          {found.when && (
            <p>
              <When words={found.when} />
            </p>
          )}
          {found.fires.length > 0 && <Fires fires={found.fires} timezone={found.job?.schedule?.timezone ?? "UTC"} />}
        </>
      )}
    </aside>
  );
}
