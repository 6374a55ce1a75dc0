/** Time zones by their IANA names, as the browser knows them. */

/** What the reader has chosen: the zone of the browser, or one by name. */
export const OF_BROWSER = "browser";

export function isZone(text: string | null): text is string {
  if (!text) return false;
  if (text === OF_BROWSER) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

export function zoneOf(choice: string): string {
  return choice === OF_BROWSER ? Intl.DateTimeFormat().resolvedOptions().timeZone : choice;
}

/** Every zone that can be chosen; browsers leave UTC out of their list. */
export function zones(): string[] {
  return [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** To make a format takes as long as to use it a hundred times. */
export function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, made);
  return made;
}
