/** What the parts of the form have in common: a field of the document as a control is told of it, and what is folded. */

import { type ReactNode, useState } from "react";
import { useWords } from "../../../../appearance";
import type { Draft, Fault } from "../document";
import { type Field, PLACES, read, readSeconds, write, writeSeconds } from "../fields";
import { EDITOR } from "../words";

export interface Part {
  draft: Draft;
  faults: readonly Fault[];
  onChange: (text: string) => void;
}

/** The faults of a field: those at one of its places, and below. */
export function faultsAt(faults: readonly Fault[], field: Field): Fault[] {
  const pointers = PLACES[field].map((path) => `/${path.join("/")}`);
  return faults.filter(({ pointer }) => pointers.some((at) => pointer === at || pointer.startsWith(`${at}/`)));
}

/** What every control of a field is told alike. */
export function useField({ draft, faults, onChange }: Part) {
  const words = useWords(EDITOR);
  return {
    text: (field: Field) => ({
      value: String(read(draft, field) ?? ""),
      faults: faultsAt(faults, field),
      onChange: (value: string) => onChange(write(draft, field, value === "" ? undefined : value)),
    }),
    /** By it is known what is meant: it stays where it is emptied. */
    kept: (field: Field) => ({
      value: String(read(draft, field) ?? ""),
      faults: faultsAt(faults, field),
      onChange: (value: string) => onChange(write(draft, field, value)),
    }),
    /** Likewise: while nothing is typed, what was there before holds. */
    needed: (field: Field) => ({
      value: toNumber(String(read(draft, field) ?? "")) ?? null,
      faults: faultsAt(faults, field),
      otherwise: words.needed,
      read: (text: string) => toNumber(text) ?? undefined,
      write: fromNumber,
      onChange: (value: number | null) => onChange(write(draft, field, value)),
    }),
    number: (field: Field) => ({
      value: toNumber(String(read(draft, field) ?? "")) ?? null,
      faults: faultsAt(faults, field),
      read: toNumber,
      write: fromNumber,
      onChange: (value: number | null) => onChange(write(draft, field, value ?? undefined)),
    }),
    seconds: (field: "timeout" | "window") => ({
      value: readSeconds(draft, field) ?? null,
      faults: faultsAt(faults, field),
      read: toNumber,
      write: fromNumber,
      onChange: (value: number | null) => onChange(writeSeconds(draft, field, value ?? undefined)),
    }),
    names: (field: Field) => ({
      value: texts(read(draft, field)),
      faults: faultsAt(faults, field),
      read: (text: string) =>
        text
          .split(",")
          .map((each) => each.trim())
          .filter(Boolean),
      write: (value: string[]) => value.join(", "),
      onChange: (value: string[]) => onChange(write(draft, field, value.length ? value : undefined)),
    }),
  };
}

/** What most jobs say nothing of: folded, until one of its fields is said or wrong. */
export function More({
  name,
  fields,
  part: { draft, faults },
  children,
}: {
  name: string;
  fields: readonly Field[];
  part: Part;
  children: ReactNode;
}) {
  const [open, setOpen] = useState(() => fields.some((field) => read(draft, field) !== undefined));
  const wrong = fields.some((field) => faultsAt(faults, field).length > 0);
  return (
    <details className="more" open={open || wrong} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{name}</summary>
      <div className="columns">{children}</div>
    </details>
  );
}

/** Null is nothing; undefined is no number. */
function toNumber(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const value = Number(text.replace(",", "."));
  return Number.isNaN(value) ? undefined : value;
}

function fromNumber(value: number | null): string {
  return value === null ? "" : String(value);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
