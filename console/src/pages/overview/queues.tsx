/** The queues in which most is going on: what waits and runs now, and how many waited over time. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { Spark } from "../../ui/spark";
import { Found } from "../../ui/states";
import { deepest, RANGES, type Range } from "./stack";
import { OVERVIEW } from "./words";

const MOST = 6;
/** Depths are noted every ten seconds. */
const DEPTH_MS = 10_000;

export function Queues({ range }: { range: Range }) {
  const words = useWords(OVERVIEW);
  const query = useQuery({
    queryKey: [["queue", "run"], "overview"],
    queryFn: () => body(api.GET("/queues", { params: { query: { limit: 200 } } })),
  });
  return (
    <section className="card">
      <header>
        <h2>{words.queues}</h2>
        <Link href="/queues">{words.allQueues}</Link>
      </header>
      <Found query={query} rows={3}>
        {({ items }) => (
          <ul className="queue-lines">
            {busiest(items).map((queue) => (
              <Line key={queue.name} queue={queue} range={range} />
            ))}
            {items.length === 0 && <li className="faint">{words.noQueues}</li>}
          </ul>
        )}
      </Found>
    </section>
  );
}

function busiest(queues: Schemas["Queue"][]): Schemas["Queue"][] {
  const live = ({ ready, running, blocked, scheduled }: Schemas["Queue"]) => ready + running + blocked + scheduled;
  return queues.toSorted((one, other) => live(other) - live(one)).slice(0, MOST);
}

function Line({ queue, range }: { queue: Schemas["Queue"]; range: Range }) {
  const words = useWords(OVERVIEW);
  const { language } = useAppearance();
  const { length, bucket, spark } = RANGES[range];
  const depths = useQuery({
    queryKey: ["depths", queue.name, range],
    placeholderData: keepPreviousData,
    refetchInterval: DEPTH_MS,
    queryFn: async () => {
      const since = new Date(Date.now() - length).toISOString();
      const told = await body(
        api.GET("/stats/timeseries", { params: { query: { queue: queue.name, bucket, since } } }),
      );
      return deepest(told.items, spark);
    },
  });
  const waited = depths.data ?? [];
  const count = (number: number) => number.toLocaleString(language) + (queue.at_least && number >= 10_000 ? "+" : "");
  return (
    <li className="queue-line">
      <Link href={`/runs?queue=${encodeURIComponent(queue.name)}`} className="line-name">
        {queue.name}
      </Link>
      <Spark values={waited} label={words.mostWaited(Math.max(0, ...waited).toLocaleString(language))} />
      <span className={queue.status === "open" ? "faint" : "line-held"}>
        {queue.status === "open"
          ? words.waitAndRun(count(queue.ready), count(queue.running))
          : `${words[queue.status]}, ${words.queued(count(queue.ready))}`}
      </span>
    </li>
  );
}
