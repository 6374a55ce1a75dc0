/** What the pages of the settings have in common: their heading, the way from one to another, and who may see them. */

import type { ReactNode } from "react";
import type { Scope } from "../../api/client";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { Heading } from "../../ui/heading";
import { Nothing } from "../../ui/states";
import { Tabs } from "../../ui/tabs";
import { SETTINGS } from "./words";
import "./settings.css";

const PAGES = [
  { name: "tokens", scope: "admin" },
  { name: "users", scope: "admin" },
  { name: "audit", scope: "admin" },
  { name: "appearance", scope: "read" },
] as const satisfies { name: string; scope: Scope }[];

type Name = (typeof PAGES)[number]["name"];

/** `children` are asked for by those alone who may see them. */
export function Frame({ here, children }: { here: Name; children: () => ReactNode }) {
  const words = { ...useWords(), ...useWords(SETTINGS) };
  const ruling = useMay("admin");
  const pages = PAGES.filter(({ scope }) => ruling || scope === "read");
  const needed = PAGES.find(({ name }) => name === here)?.scope ?? "read";
  return (
    <>
      <header className="page-head">
        <Heading title={`${words[here]} · ${words.settings}`}>{words.settings}</Heading>
      </header>
      <Tabs
        label={words.settings}
        here={here}
        tabs={pages.map(({ name }) => ({ name, word: words[name], to: `/settings/${name}` }))}
      />
      {needed === "read" || ruling ? children() : <Nothing title={words.needsScope(needed)} />}
    </>
  );
}
