/** The document as text: with the numbers of its lines, and marks where something is wrong. */

import { type KeyboardEvent, useMemo, useRef } from "react";
import { useWords } from "../../../appearance";
import type { Fault } from "./document";
import { EDITOR } from "./words";

const INDENT = "  ";

export function TextEditor({
  text,
  faults,
  onChange,
}: {
  text: string;
  faults: readonly Fault[];
  onChange: (text: string) => void;
}) {
  const words = useWords(EDITOR);
  const gutter = useRef<HTMLDivElement>(null);
  const wrong = useMemo(() => new Set(faults.map(({ line }) => line)), [faults]);
  const count = text.split("\n").length;
  return (
    <div className="text-editor mono">
      <div className="gutter" ref={gutter} aria-hidden="true">
        {Array.from({ length: count }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
          <div key={index} className={wrong.has(index + 1) ? "wrong-line" : undefined}>
            {wrong.has(index + 1) ? "✕" : ""} {index + 1}
          </div>
        ))}
      </div>
      <textarea
        aria-label={words.yaml}
        aria-invalid={faults.length > 0}
        aria-describedby="faults"
        spellCheck={false}
        autoCapitalize="off"
        wrap="off"
        rows={Math.max(18, count + 1)}
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={indent}
        onScroll={(event) => {
          if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}

/** A new line begins where the one before it did. Tab goes on to the next control, as everywhere. */
function indent(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
  const { value, selectionStart } = event.currentTarget;
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  const depth = /^ */.exec(line)?.[0] ?? "";
  event.preventDefault();
  // So that it can be undone like anything typed.
  document.execCommand("insertText", false, `\n${depth}${/:\s*[|>]?[-+]?\s*$/.test(line) ? INDENT : ""}`);
}

/** Puts the caret on a line of the text. */
export function goToLine(line: number): void {
  const area = document.querySelector<HTMLTextAreaElement>(".text-editor textarea");
  if (area === null) return;
  const start =
    area.value
      .split("\n")
      .slice(0, line - 1)
      .join("\n").length + (line > 1 ? 1 : 0);
  const end = area.value.indexOf("\n", start);
  area.focus();
  area.setSelectionRange(start, end < 0 ? area.value.length : end);
}
