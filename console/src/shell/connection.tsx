/** Whether what is shown is live, and since when it is not. */

import { useEffect, useState } from "react";
import type { Connection } from "../api/live";
import { useWords } from "../appearance";
import { Moment } from "../ui/time";
import { SHELL } from "./words";

export function Dot({ connection }: { connection: Connection }) {
  const words = useWords(SHELL);
  return (
    <span className={`dot dot-${connection}`} role="status">
      {words[connection]}
    </span>
  );
}

/** Says since when what is shown may be out of date. */
export function Stale({ connection }: { connection: Connection }) {
  const words = useWords(SHELL);
  const [since, setSince] = useState<string | null>(null);
  useEffect(() => {
    if (connection === "live") setSince(null);
    else setSince((standing) => standing ?? new Date().toISOString());
  }, [connection]);
  if (connection !== "lost") return null;
  return (
    <div className="stale" role="alert">
      {words.staleSince} <Moment at={since} />
    </div>
  );
}
