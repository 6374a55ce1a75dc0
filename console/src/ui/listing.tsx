/** A page of a list as a table, with the way to the next one; or what stands where there is nothing. */

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Pager } from "./pager";
import { Found } from "./states";

export function Listing<Page extends { items: unknown[]; next_cursor: string | null }>({
  query,
  head,
  none,
  rows = 8,
  children,
}: {
  query: UseQueryResult<Page>;
  /** The heads of its columns. */
  head: ReactNode;
  none: ReactNode;
  /** About how many rows come. */
  rows?: number;
  children: (item: Page["items"][number]) => ReactNode;
}) {
  return (
    <Found query={query} rows={rows}>
      {({ items, next_cursor }) =>
        items.length === 0 ? (
          none
        ) : (
          <>
            <div className="scroll">
              <table className="rows">
                <thead>
                  <tr>{head}</tr>
                </thead>
                <tbody>{items.map(children)}</tbody>
              </table>
            </div>
            <Pager next={next_cursor} />
          </>
        )
      }
    </Found>
  );
}
