/** Rows by keys: j and k, or the arrows once one is among them, Enter, and x, which with Shift takes a range. */

import { useEffect, useRef } from "react";

const ELSEWHERE = "input:not([type=checkbox]), select, textarea, dialog, details[open], [contenteditable]";

interface Doings {
  open: (row: number) => void;
  pick: (row: number, stretch: boolean) => void;
}

/** For the body of a table whose rows can take the focus. */
export function useKeys(doings: Doings) {
  const body = useRef<HTMLTableSectionElement>(null);
  const now = useRef(doings);
  now.current = doings;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as Element;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.closest(ELSEWHERE) || document.querySelector("dialog[open]")) return;
      const rows = [...(body.current?.rows ?? [])];
      const at = rows.findIndex((row) => row.contains(target));
      const key = event.key.toLowerCase();
      const step =
        key === "j" || (at >= 0 && key === "arrowdown") ? 1 : key === "k" || (at >= 0 && key === "arrowup") ? -1 : 0;
      if (step) {
        const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
        next?.focus();
        next?.scrollIntoView({ block: "nearest" });
        if (event.shiftKey && next) now.current.pick(rows.indexOf(next), true);
      } else if (at >= 0 && key === "x") now.current.pick(at, event.shiftKey);
      else if (rows[at] === target && key === "enter") now.current.open(at);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  return body;
}
