/** The controls of the form: each with its name, what helps, and what is wrong with it. */

import { type ReactNode, useId, useState } from "react";
import { jsonText } from "../../api/json";
import type { Fault } from "./editor/document";
import "./control.css";

interface Named {
  label: string;
  help?: string | undefined;
  faults?: readonly Fault[] | undefined;
}

interface Described {
  id: string;
  "aria-invalid": boolean;
  "aria-describedby": string;
}

/** A control below its name. What describes it is handed to it. */
function Labelled({ label, help, faults = [], children }: Named & { children: (described: Described) => ReactNode }) {
  const id = useId();
  return (
    <div className="control">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": faults.length > 0, "aria-describedby": `${id}-about` })}
      <div id={`${id}-about`}>
        {faults.map(({ message }) => (
          <p key={message} className="fault">
            ✕ {message}
          </p>
        ))}
        {help && <p className="faint">{help}</p>}
      </div>
    </div>
  );
}

export function TextControl({
  value,
  onChange,
  rows,
  type = "text",
  ...named
}: Named & {
  value: string;
  onChange: (value: string) => void;
  rows?: number;
  type?: "text" | "time" | "datetime-local";
}) {
  return (
    <Labelled {...named}>
      {(described) =>
        rows ? (
          <textarea
            {...described}
            className="mono"
            rows={rows}
            spellCheck={false}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <input {...described} type={type} value={value} onChange={(event) => onChange(event.target.value)} />
        )
      }
    </Labelled>
  );
}

/** Text that means something else, such as a list: what is typed stays as typed while it means the same. */
export function MeantControl<T>({
  value,
  read,
  write,
  onChange,
  otherwise,
  ...named
}: Named & {
  value: T;
  /** Undefined where the text means nothing. */
  read: (text: string) => T | undefined;
  write: (value: T) => string;
  onChange: (value: T) => void;
  /** What is said of a text that means nothing. */
  otherwise?: string;
  rows?: number;
}) {
  const [typed, setTyped] = useState<string>();
  const meant = typed === undefined ? undefined : read(typed);
  const shown = typed !== undefined && (meant === undefined || same(meant, value)) ? typed : write(value);
  const wrong =
    typed === shown && meant === undefined && otherwise ? [{ pointer: "", line: 1, message: otherwise }] : [];
  return (
    <TextControl
      {...named}
      faults={[...wrong, ...(named.faults ?? [])]}
      value={shown}
      onChange={(text) => {
        setTyped(text);
        const next = read(text);
        if (next !== undefined && !same(next, value)) onChange(next);
      }}
    />
  );
}

function same(one: unknown, other: unknown): boolean {
  return jsonText(one) === jsonText(other);
}

export function SelectControl<T extends string>({
  value,
  options,
  onChange,
  ...named
}: Named & { value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void }) {
  return (
    <Labelled {...named}>
      {(described) => (
        <select {...described} value={value} onChange={(event) => onChange(event.target.value as T)}>
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}
