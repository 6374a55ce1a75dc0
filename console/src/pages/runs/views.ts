/** Filters that somebody has given a name. The browser keeps them, for each caller and domain; they hold no secrets. */

export interface View {
  name: string;
  /** The filters as they stand in an address. */
  search: string;
}

/** What was kept. It may be anybody's: what is no view is left out. */
export function read(kept: string | null): View[] {
  try {
    const found: unknown = JSON.parse(kept ?? "[]");
    return Array.isArray(found) ? found.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(found: unknown): found is View {
  return (
    typeof found === "object" &&
    found !== null &&
    "name" in found &&
    typeof found.name === "string" &&
    "search" in found &&
    typeof found.search === "string"
  );
}

/** With one more, in the order of their names; one of the same name is replaced. */
export function saved(views: readonly View[], view: View): View[] {
  return [...removed(views, view.name), view].sort((one, other) => one.name.localeCompare(other.name));
}

export function removed(views: readonly View[], name: string): View[] {
  return views.filter((view) => view.name !== name);
}

export function renamed(views: readonly View[], from: string, to: string): View[] {
  const view = views.find((each) => each.name === from);
  return view ? saved(removed(views, from), { ...view, name: to }) : [...views];
}
