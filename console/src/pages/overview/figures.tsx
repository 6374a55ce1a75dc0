/** The five figures, each leading to what it counts. */

import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { useNow } from "../../ui/now";
import { percent } from "../../ui/percent";
import { relative } from "../../ui/relative";
import { duration } from "../../ui/time";
import { OVERVIEW } from "./words";

export function Figures({ told }: { told: Schemas["StatsOverview"] }) {
  const words = useWords(OVERVIEW);
  const { language } = useAppearance();
  const { live } = told;
  const count = (number: number) => number.toLocaleString(language) + (live.at_least && number >= 10_000 ? "+" : "");
  const plain = (number: number) => number.toLocaleString(language);
  const p95 = told.duration_sec.p95;
  const since = `finished_after=${encodeURIComponent(told.since)}`;
  return (
    <div className="figures">
      <Figure
        name={words.success}
        href={told.failed ? `/runs?status=failed&${since}` : `/runs?status=completed&${since}`}
        note={words.ofRuns(plain(told.failed), plain(told.completed + told.failed))}
      >
        {told.success_rate === null ? "–" : percent(told.success_rate, language)}
      </Figure>
      <Figure name={words.running} href="/runs?status=running" note={words.queued(count(live.ready))}>
        {count(live.running)}
      </Figure>
      <Figure
        name={words.oldest}
        href="/runs?status=ready"
        note={live.oldest_due_at ? words.oldestNote : words.nothingWaits}
      >
        {live.oldest_due_at ? <Since at={live.oldest_due_at} /> : "–"}
      </Figure>
      <Figure name={words.p95} href={`/runs?status=completed&status=failed&${since}`} note={words.p95Note}>
        {p95 === null ? "–" : duration(p95 * 1_000, language)}
      </Figure>
      <Figure name={words.nextFire} href="/schedules" note={told.next_run_at ? words.nextFireNote : words.noSchedule}>
        {told.next_run_at ? <Until at={told.next_run_at} /> : "–"}
      </Figure>
    </div>
  );
}

function Figure({ name, href, note, children }: { name: string; href: string; note: string; children: ReactNode }) {
  return (
    <Link href={href} className="figure">
      <span className="figure-name">{name}</span>
      <strong>{children}</strong>
      <span className="faint">{note}</span>
    </Link>
  );
}

/** How long ago, counting. */
function Since({ at }: { at: string }) {
  const { language } = useAppearance();
  return <>{duration(Math.floor((useNow() - Date.parse(at)) / 1_000) * 1_000, language)}</>;
}

function Until({ at }: { at: string }) {
  const { language } = useAppearance();
  return <time dateTime={at}>{relative(Math.max(0, Date.parse(at) - useNow()), language)}</time>;
}
