/** The console's words: a dictionary for each part of it, both languages of a word on one line. A page brings its own. */

/** In the order in which a dictionary's lines give them. */
export const LANGUAGES = ["en", "id"] as const;
export type Language = (typeof LANGUAGES)[number];
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", id: "Indonesia" };

// biome-ignore lint/suspicious/noExplicitAny: what a phrase is made of differs from phrase to phrase
type Phrase = string | ((...parts: any[]) => string);
type Lines = Record<string, readonly [Phrase, Phrase]>;

export type Words<L extends Lines> = { readonly [name in keyof L]: L[name][0] };
export type Dictionary<W> = Readonly<Record<Language, W>>;

/** A dictionary of lines `name: [English, Indonesian]`; a function makes a phrase around a number or a name. */
export function dictionary<L extends Lines>(lines: L): Dictionary<Words<L>> {
  const of = (place: 0 | 1) =>
    Object.fromEntries(Object.entries(lines).map(([name, line]) => [name, line[place]])) as Words<L>;
  return { en: of(0), id: of(1) };
}
