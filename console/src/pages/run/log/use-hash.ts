/** The line that the address names: `#L123`. */

import { useSyncExternalStore } from "react";

/** Those beside the first are what links within the page bring about. */
const EVENTS = ["hashchange", "popstate", "pushState", "replaceState"];

export function useHash(): number | null {
  return useSyncExternalStore(listen, () => numberOf(location.hash));
}

function listen(tell: () => void): () => void {
  for (const name of EVENTS) window.addEventListener(name, tell);
  return () => {
    for (const name of EVENTS) window.removeEventListener(name, tell);
  };
}

function numberOf(hash: string): number | null {
  const match = /^#L(\d+)$/.exec(hash);
  return match ? Number(match[1]) : null;
}
