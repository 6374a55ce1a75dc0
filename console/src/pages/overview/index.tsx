/** How things are: the first page. What it looks back over stands in the address. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "wouter";
import { api, body } from "../../api/client";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { changed } from "../../ui/address";
import { Heading } from "../../ui/heading";
import { Found, Skeleton } from "../../ui/states";
import { Attention } from "./attention";
import { Describe } from "./describe";
import { Figures } from "./figures";
import { Outcomes } from "./outcomes";
import { Queues } from "./queues";
import { fold, isRange, RANGES, type Range } from "./stack";
import { FirstSteps, useFirstSteps } from "./steps";
import { OVERVIEW, RANGE_NAMES } from "./words";
import "./overview.css";

/** The scheduler counts what has ended once a second: what an event tells may be counted a moment later. */
const AGAIN_MS = 3_000;

export default function OverviewPage() {
  const words = useWords(OVERVIEW);
  const [search] = useSearchParams();
  const mayWrite = useMay("write");
  const { known, steps, putAway } = useFirstSteps();
  const asked = search.get("range");
  // Who has just started has had no day yet.
  const range = isRange(asked) ? asked : known ? (steps.length ? "1h" : "24h") : null;
  return (
    <>
      <header className="page-head">
        <Heading>{words.overview}</Heading>
        <Ranges chosen={range} />
      </header>
      {mayWrite && <Describe />}
      {steps.length > 0 && <FirstSteps steps={steps} putAway={putAway} />}
      {range === null ? <Skeleton rows={12} /> : <Past range={range} />}
    </>
  );
}

function Past({ range }: { range: Range }) {
  const { bucket, length, step } = RANGES[range];
  const query = useQuery({
    queryKey: ["run", "past", range],
    placeholderData: keepPreviousData,
    refetchInterval: AGAIN_MS,
    queryFn: async () => {
      const since = new Date(Date.now() - length).toISOString();
      // Together, so that they are drawn together.
      const [figures, series] = await Promise.all([
        body(api.GET("/stats/overview", { params: { query: { window: range } } })),
        body(api.GET("/stats/timeseries", { params: { query: { bucket, since } } })),
      ]);
      return { figures, bars: fold(series.items, step) };
    },
  });
  return (
    <Found query={query} rows={12}>
      {({ figures, bars }) => (
        <>
          <Figures told={figures} />
          <div className="overview-grid">
            <Outcomes bars={bars} range={range} />
            <Attention />
            <Queues range={range} />
          </div>
        </>
      )}
    </Found>
  );
}

function Ranges({ chosen }: { chosen: Range | null }) {
  const words = useWords(OVERVIEW);
  const names = useWords(RANGE_NAMES);
  const [search] = useSearchParams();
  return (
    <nav className="ranges" aria-label={words.range}>
      {(Object.keys(RANGES) as Range[]).map((range) => (
        <Link key={range} href={`/?${changed(search, { range })}`} aria-current={range === chosen ? "true" : undefined}>
          {names[range]}
        </Link>
      ))}
    </nav>
  );
}
