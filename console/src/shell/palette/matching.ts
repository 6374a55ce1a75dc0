/** Whether what one types means something: each of its words stands somewhere in it. */
export function fits(text: string, label: string): boolean {
  const there = label.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => there.includes(word));
}

const RUN_ID = /^run_[0-9a-f]{32}$/;

/** The id in what one types or pastes; null where it is none. */
export function runIn(text: string): string | null {
  return RUN_ID.test(text) ? text : null;
}
