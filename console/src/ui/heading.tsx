/** A page's heading, which is its title too, and where keys go on after a way was taken to the page. */

import { type ReactNode, useEffect, useRef } from "react";
import { useLocation } from "wouter";

let last: string | null = null;

/** `title` where the heading is more than its text. */
export function Heading({ title, children }: { title?: string; children: ReactNode }) {
  const [path] = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (last !== null && last !== path) heading.current?.focus({ preventScroll: true });
    last = path;
  }, [path]);
  return (
    <>
      <title>{`${title ?? children} · Treadle`}</title>
      <h1 ref={heading} tabIndex={-1}>
        {children}
      </h1>
    </>
  );
}
