/** Rows that were picked one by one, by their ids; `anchor` is where a range begins. */

export interface Picked {
  ids: ReadonlySet<string>;
  anchor: string | null;
}

export const NONE: Picked = { ids: new Set(), anchor: null };

export function toggled(picked: Picked, id: string): Picked {
  const ids = new Set(picked.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: id };
}

/** All from the anchor to this row, as the page shows them, become as the anchor is. Without an anchor, this row alone. */
export function stretched(picked: Picked, page: readonly string[], id: string): Picked {
  const from = page.indexOf(picked.anchor ?? id);
  const to = page.indexOf(id);
  if (from < 0 || picked.anchor === null) return toggled(picked, id);
  const ids = new Set(picked.ids);
  const into = picked.ids.has(picked.anchor);
  for (const each of page.slice(Math.min(from, to), Math.max(from, to) + 1)) {
    if (into) ids.add(each);
    else ids.delete(each);
  }
  return { ids, anchor: picked.anchor };
}

/** How much of a page is picked. */
export function extent(picked: Picked, page: readonly string[]): "none" | "some" | "all" {
  const count = page.filter((id) => picked.ids.has(id)).length;
  return count === 0 ? "none" : count < page.length ? "some" : "all";
}

/** The whole page, or, where it is picked already, none of it. What was picked on other pages stays. */
export function pageToggled(picked: Picked, page: readonly string[]): Picked {
  const ids = new Set(picked.ids);
  const all = extent(picked, page) === "all";
  for (const id of page) {
    if (all) ids.delete(id);
    else ids.add(id);
  }
  return { ids, anchor: null };
}
