/** Keys that go to pages and do things, wherever nothing is being typed. */

import { Fragment, useEffect } from "react";
import { useLocation } from "wouter";
import { useWords } from "../appearance";
import { Dialog } from "../ui/dialog";
import { PAGES } from "./pages";
import { SHELL } from "./words";

/** How long after a `g` the next key may come. */
const LEAD_MS = 1_500;

/** The key beside the space bar on a Mac. */
export const COMMAND = /Mac|iP(hone|ad)/.test(navigator.userAgent) ? "⌘" : "Ctrl";

const TYPED_INTO = "input, textarea, select, [contenteditable], dialog, [role=dialog]";
const SEARCH = 'main input[type="search"], main input[role="searchbox"]';

export function useShortcuts(openPalette: () => void, openHelp: () => void): void {
  const [, go] = useLocation();
  useEffect(() => {
    let led = Number.NEGATIVE_INFINITY;
    const act = (key: string, at: number): boolean => {
      const page = at - led < LEAD_MS ? PAGES.find((each) => each.key === key) : undefined;
      led = key === "g" ? at : Number.NEGATIVE_INFINITY;
      if (page) go(page.path);
      else if (key === "?") openHelp();
      else if (key === "/") document.querySelector<HTMLElement>(SEARCH)?.focus();
      else return false;
      return true;
    };
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      if (event.ctrlKey || event.metaKey) {
        if (event.key.toLowerCase() !== "k") return;
        openPalette();
      } else {
        const typing = event.target instanceof Element && event.target.closest(TYPED_INTO) !== null;
        if (typing || !act(event.key, event.timeStamp)) return;
      }
      event.preventDefault();
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, [go, openPalette, openHelp]);
}

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const words = useWords(SHELL);
  const keys: [string[], string][] = [
    [[COMMAND, "K"], words.paletteKey],
    [["/"], words.searchKey],
    [["?"], words.shortcuts],
    [["j", "k"], words.rowKeys],
    [["x"], words.selectKey],
    ...PAGES.map(({ key, name }): [string[], string] => [["g", key], words[name]]),
  ];
  return (
    <Dialog label={words.shortcuts} className="shortcuts" onClose={onClose}>
      <h2>{words.shortcuts}</h2>
      <dl>
        {keys.map(([parts, what]) => (
          <Fragment key={what}>
            <dt>
              {parts.map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
      <button type="button" className="link" onClick={onClose}>
        {words.close}
      </button>
    </Dialog>
  );
}
