/** The way to everything by a few keys. The keys stay in the box; what Enter takes is told by `aria-activedescendant`. */

import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useWords } from "../../appearance";
import { Dialog } from "../../ui/dialog";
import { type Entry, useEntries } from "./entries";
import { PALETTE } from "./words";
import "./palette.css";

export default function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const words = useWords(PALETTE);
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const list = useId();
  const entries = useEntries(text.trim(), onHelp);
  const at = Math.min(place, entries.length - 1);
  const take = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    onClose();
    entry.act();
  };
  const steer = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setPlace((at + step + entries.length) % Math.max(1, entries.length));
    else if (event.key === "Enter" && !event.nativeEvent.isComposing) take(entries[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label={words.palette} className="palette" onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls={list}
        aria-activedescendant={entries[at] && `${list}-${at}`}
        aria-label={words.help}
        placeholder={words.help}
        value={text}
        onKeyDown={steer}
        onChange={(event) => {
          setText(event.target.value);
          setPlace(0);
        }}
      />
      <div className="palette-list" role="listbox" id={list} aria-label={words.palette}>
        {entries.map((entry, index) => (
          <Option
            key={entry.id}
            id={`${list}-${index}`}
            entry={entry}
            head={entry.group === entries[index - 1]?.group ? undefined : words[entry.group]}
            chosen={index === at}
            onTake={() => take(entry)}
            onPoint={() => setPlace(index)}
          />
        ))}
      </div>
      <p role="status" className={entries.length ? "hidden" : "palette-nothing"}>
        {entries.length ? words.found(entries.length) : words.nothing}
      </p>
    </Dialog>
  );
}

function Option(props: {
  id: string;
  entry: Entry;
  head: string | undefined;
  chosen: boolean;
  onTake: () => void;
  onPoint: () => void;
}) {
  const { id, entry, head, chosen, onTake, onPoint } = props;
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <>
      {head && (
        <div className="palette-head" aria-hidden="true">
          {head}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys are the box's */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the box */}
      <div ref={row} id={id} role="option" aria-selected={chosen} onClick={onTake} onMouseMove={onPoint}>
        <span>{entry.label}</span>
        {entry.hint && <span className="faint">{entry.hint}</span>}
      </div>
    </>
  );
}
