/** Parts of a page, of which the address names the one that is shown. */

import { useRef } from "react";
import { Link } from "wouter";
import { useChosenInSight } from "./in-sight";
import "./tabs.css";

export interface Tab<T extends string> {
  name: T;
  word: string;
  to: string;
}

export function Tabs<T extends string>({ label, tabs, here }: { label: string; tabs: Tab<T>[]; here: T }) {
  const row = useRef<HTMLElement>(null);
  useChosenInSight(row, here);
  return (
    <nav className="tabs" aria-label={label} ref={row}>
      {tabs.map(({ name, word, to }) => (
        <Link key={name} href={to} aria-current={name === here ? "page" : undefined}>
          {word}
        </Link>
      ))}
    </nav>
  );
}
