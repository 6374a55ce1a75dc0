/** Asks before a page is left whose changes are not saved: by a link, by the way back, or with the whole tab. */

import { useEffect } from "react";

let question: string | null = null;
let here = "";

/** Whether the page may be left, which only somebody can say who has changed it. */
function mayLeave(): boolean {
  return question === null || window.confirm(question);
}

/** For the router: every way that a link or a script takes. Another view of the same page leaves nothing. */
export function aroundNav<Options>(go: (to: string, options?: Options) => void, to: string, options?: Options): void {
  const stays = new URL(to, window.location.href).pathname === window.location.pathname;
  if (stays || mayLeave()) go(to, options);
}

/** Lets ways be taken without asking from now on: what was changed is saved, or meant to be dropped. */
export function leaveFreely(): void {
  question = null;
}

/** While `asked` is a text, it is asked before the page is left. */
export function useAskBeforeLeaving(asked: string | null): void {
  useEffect(() => {
    here = window.location.href;
  });
  useEffect(() => {
    question = asked;
    return leaveFreely;
  }, [asked]);
}

// Listened to from the start, since the router must not hear of a way back before it was asked about. The browser has
// gone back by then: whoever stays is brought here again.
window.addEventListener("popstate", (event) => {
  if (mayLeave()) return;
  event.stopImmediatePropagation();
  window.history.pushState(null, "", here);
});

window.addEventListener("beforeunload", (event) => {
  if (question !== null) event.preventDefault();
});
