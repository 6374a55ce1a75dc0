/** The time, for what counts seconds: all that does so is drawn anew at once. */

import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let beating = 0;
let now = Date.now();

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (!beating) {
    now = Date.now();
    beating = window.setInterval(() => {
      now = Date.now();
      for (const each of listeners) each();
    }, 1_000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(beating);
    beating = 0;
  };
}

/** Now in milliseconds, told anew every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
