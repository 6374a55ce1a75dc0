import { type RefObject, useEffect } from "react";

/** Scrolls a row sideways to the entry that is chosen in it: on a phone it may lie beyond the edge. */
export function useChosenInSight(row: RefObject<HTMLElement | null>, chosen: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the entry is another when another is chosen
  useEffect(() => {
    const entry = row.current?.querySelector('[aria-selected="true"], [aria-current]');
    if (!row.current || !entry) return;
    const [outer, inner] = [row.current.getBoundingClientRect(), entry.getBoundingClientRect()];
    if (inner.left < outer.left) row.current.scrollLeft -= Math.ceil(outer.left - inner.left);
    if (inner.right > outer.right) row.current.scrollLeft += Math.ceil(inner.right - outer.right);
  }, [row, chosen]);
}
