/** A button with a small box under it: opened and closed by the browser's own keys, closed by Escape and from outside. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import "./menu.css";

export function Menu({
  label,
  className = "",
  children,
}: {
  label: ReactNode;
  className?: string;
  /** Made only while it is open; given a way to close it. */
  children: (close: () => void) => ReactNode;
}) {
  const box = useRef<HTMLDetailsElement>(null);
  const [open, setOpen] = useState(false);
  const close = () => {
    if (box.current) box.current.open = false;
  };
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) close();
    };
    const leave = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      close();
      box.current?.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", leave);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", leave);
    };
  });
  return (
    <details ref={box} className={`menu ${className}`} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="button">{label}</summary>
      {open && <div className="menu-box">{children(close)}</div>}
    </details>
  );
}
