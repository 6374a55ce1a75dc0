/** How somebody likes the console to look: language and theme, kept by the browser. */

import { createContext, type ReactNode, use, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { en, type Words } from "./i18n/en";
import { id } from "./i18n/id";

const LANGUAGES = { en, id };
export type Language = keyof typeof LANGUAGES;
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", id: "Bahasa Indonesia" };
export type Theme = "system" | "light" | "dark";

interface Appearance {
  language: Language;
  theme: Theme;
  dark: boolean;
  words: Words;
  setLanguage: (language: Language) => void;
  setTheme: (theme: Theme) => void;
}

const Context = createContext<Appearance | null>(null);

export function useAppearance(): Appearance {
  const appearance = use(Context);
  if (appearance === null) throw new Error("useAppearance outside of AppearanceProvider");
  return appearance;
}

export function useWords(): Words {
  return useAppearance().words;
}

export function AppearanceProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useKept<Language>("language", isLanguage, preferred());
  const [theme, setTheme] = useKept<Theme>("theme", isTheme, "system");
  const systemDark = useMedia("(prefers-color-scheme: dark)");
  const dark = theme === "system" ? systemDark : theme === "dark";
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }, [language, dark]);
  const value = useMemo(
    () => ({ language, theme, dark, words: LANGUAGES[language], setLanguage, setTheme }),
    [language, theme, dark, setLanguage, setTheme],
  );
  return <Context value={value}>{children}</Context>;
}

function isLanguage(text: string | null): text is Language {
  return text !== null && text in LANGUAGES;
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

function useMedia(query: string): boolean {
  const media = useMemo(() => window.matchMedia(query), [query]);
  return useSyncExternalStore(
    (tell) => {
      media.addEventListener("change", tell);
      return () => media.removeEventListener("change", tell);
    },
    () => media.matches,
  );
}
