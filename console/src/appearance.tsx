/** How somebody likes the console to look: language, theme and time zone, kept by the browser. */

import { createContext, type ReactNode, use, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { isZone, OF_BROWSER, zoneOf } from "./ui/zone";
import { type Dictionary, LANGUAGES, type Language } from "./words";
import { COMMON } from "./words/common";

export type Theme = "system" | "light" | "dark";

interface Appearance {
  language: Language;
  theme: Theme;
  dark: boolean;
  /** Of the times that are shown: an IANA name. */
  zone: string;
  chosenZone: string;
  setLanguage: (language: Language) => void;
  setTheme: (theme: Theme) => void;
  setZone: (zone: string) => void;
}

const Context = createContext<Appearance | null>(null);

export function useAppearance(): Appearance {
  const appearance = use(Context);
  if (appearance === null) throw new Error("useAppearance outside of AppearanceProvider");
  return appearance;
}

/** A part's words, or the common ones, in the reader's language. */
export function useWords(): (typeof COMMON)[Language];
export function useWords<W>(dictionary: Dictionary<W>): W;
export function useWords(dictionary: Dictionary<unknown> = COMMON): unknown {
  return dictionary[useAppearance().language];
}

export function AppearanceProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useKept<Language>("language", isLanguage, preferred());
  const [theme, setTheme] = useKept<Theme>("theme", isTheme, "system");
  const [chosenZone, setZone] = useKept<string>("zone", isZone, OF_BROWSER);
  const systemDark = useMedia("(prefers-color-scheme: dark)");
  const dark = theme === "system" ? systemDark : theme === "dark";
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }, [language, dark]);
  const value = useMemo(
    () => ({ language, theme, dark, zone: zoneOf(chosenZone), chosenZone, setLanguage, setTheme, setZone }),
    [language, theme, dark, chosenZone, setLanguage, setTheme, setZone],
  );
  return <Context value={value}>{children}</Context>;
}

function isLanguage(text: string | null): text is Language {
  return LANGUAGES.some((language) => language === text);
}

function isTheme(text: string | null): text is Theme {
  return text === "system" || text === "light" || text === "dark";
}

function preferred(): Language {
  return navigator.language.startsWith("id") ? "id" : "en";
}

/** A choice that the browser keeps. What it keeps may be anybody's: it counts only where it is one. */
function useKept<T extends string>(name: string, is: (text: string | null) => text is T, otherwise: T) {
  const [value, setValue] = useState<T>(() => {
    const kept = localStorage.getItem(`treadle.${name}`);
    return is(kept) ? kept : otherwise;
  });
  const keep = useMemo(
    () => (next: T) => {
      localStorage.setItem(`treadle.${name}`, next);
      setValue(next);
    },
    [name],
  );
  return [value, keep] as const;
}

/** Whether a media query holds, as it comes to and ceases to. */
export function useMedia(query: string): boolean {
  const media = useMemo(() => window.matchMedia(query), [query]);
  return useSyncExternalStore(
    (tell) => {
      media.addEventListener("change", tell);
      return () => media.removeEventListener("change", tell);
    },
    () => media.matches,
  );
}
