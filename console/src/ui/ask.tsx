/** Asks in a box above the page for what something needs, and does it. */

import { Button } from "antd";
import type { FormEvent, ReactNode } from "react";
import { useWords } from "../appearance";
import "./ask.css";
import { Dialog } from "./dialog";
import { Wrong } from "./states";

export function Ask({
  title,
  word,
  onDo,
  onClose,
  danger = false,
  disabled = false,
  busy = false,
  error = null,
  children,
}: {
  title: string;
  /** What its button says. */
  word: ReactNode;
  onDo: () => void;
  onClose: () => void;
  danger?: boolean;
  disabled?: boolean;
  busy?: boolean;
  error?: Error | null;
  children: ReactNode;
}) {
  const words = useWords();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onDo();
  };
  return (
    <Dialog label={title} className="ask" onClose={onClose}>
      <form onSubmit={submit}>
        <h2>{title}</h2>
        {children}
        {error && <Wrong error={error} />}
        <footer>
          <Button onClick={onClose}>{words.notNow}</Button>
          <Button type="primary" htmlType="submit" danger={danger} disabled={disabled} loading={busy}>
            {word}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** A number that is asked for. */
export function NumberField({
  label,
  value,
  onChange,
  ...bounds
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number;
  step?: number | "any";
  disabled?: boolean;
}) {
  return (
    <input
      type="number"
      className="entry"
      aria-label={label}
      required
      value={Number.isNaN(value) ? "" : value}
      onChange={(event) => onChange(event.target.valueAsNumber)}
      {...bounds}
    />
  );
}
