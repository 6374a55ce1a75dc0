/** How one text became another: what was added and what was taken out, by sign and colour. */

import { useMemo } from "react";
import { useWords } from "../appearance";
import { dictionary } from "../words";
import { compareLines, foldLines } from "./lines";
import "./diff.css";

const WORDS = dictionary({
  same: ["They say the same.", "Isinya sama."],
  alike: [
    (count: number) => (count === 1 ? "one line alike" : `${count} lines alike`),
    (count: number) => `${count} baris sama`,
  ],
  added: ["added", "ditambahkan"],
  removed: ["removed", "dihapus"],
});

const CLASSES = { " ": "kept", "+": "added", "-": "removed" } as const;

export function Diff({ before, after, label }: { before: string; after: string; label: string }) {
  const words = useWords(WORDS);
  const lines = useMemo(() => compareLines(before, after), [before, after]);
  if (lines.every(({ sign }) => sign === " ")) return <p className="faint">{words.same}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className="diff mono" aria-label={label} tabIndex={0}>
      {foldLines(lines).map((line, place) =>
        "folded" in line ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines stay where they are
          <div key={place} className="faint">
            ⋯ {words.alike(line.folded)}
          </div>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines stay where they are
          <div key={place} className={`diff-${CLASSES[line.sign]}`}>
            <span aria-hidden="true">{line.sign}</span>
            {line.sign !== " " && <span className="hidden">{line.sign === "+" ? words.added : words.removed} </span>}
            {line.text}
          </div>
        ),
      )}
    </section>
  );
}
