/** The queues: how many runs are in each, why they do or do not start, and what can be told to it. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { Act } from "../../ui/act";
import { useAddress } from "../../ui/address";
import { Listing } from "../../ui/listing";
import { Spark } from "../../ui/spark";
import { Nothing } from "../../ui/states";
import { duration } from "../../ui/time";
import { Badge } from "./badge";
import { counted, type Queue, standing } from "./model";
import { EditRate } from "./rate";
import { QUEUES, STANDINGS } from "./words";
import { useWorkers } from "./workers";

const PAGE = 50;
const HOUR_MS = 3_600_000;
const COUNTS = ["ready", "running", "scheduled", "blocked"] as const;

export function QueueList() {
  const words = useWords(QUEUES);
  const common = useWords();
  const cursor = useAddress().told("cursor");
  const query = useQuery({
    queryKey: [["queue", "run"], "list", cursor],
    queryFn: () => body(api.GET("/queues", { params: { query: { limit: PAGE, ...(cursor ? { cursor } : {}) } } })),
  });
  return (
    <Listing
      query={query}
      rows={6}
      head={<Head />}
      none={<Nothing title={common.nothingYet}>{words.noQueues}</Nothing>}
    >
      {(queue) => <Row key={queue.name} queue={queue} />}
    </Listing>
  );
}

function Head() {
  const words = useWords(QUEUES);
  const common = useWords();
  return (
    <>
      <th>{common.queue}</th>
      <th>{common.status}</th>
      {COUNTS.map((name) => (
        <th key={name} className="number">
          {words[name]}
        </th>
      ))}
      <th className="number">{words.oldest}</th>
      <th>{words.lastHour}</th>
      <th>{words.rate}</th>
      <th>{words.actions}</th>
    </>
  );
}

function Row({ queue }: { queue: Queue }) {
  const workers = useWorkers().data;
  const words = useWords(STANDINGS);
  const { language } = useAppearance();
  const how = standing(queue, workers);
  const runs = `/runs?queue=${encodeURIComponent(queue.name)}`;
  return (
    <tr>
      <th scope="row">
        <Link href={runs}>{queue.name}</Link>
      </th>
      <td className="two-lines">
        <Badge how={how} why={words[`${how}Why`]} />
      </td>
      {COUNTS.map((name) => (
        <td key={name} className="number">
          {queue[name] ? (
            <Link href={`${runs}&status=${name}`}>{counted(queue[name], queue, language)}</Link>
          ) : (
            <span className="faint">0</span>
          )}
        </td>
      ))}
      <td className="number">
        {queue.oldest_wait_sec === null ? "–" : duration(queue.oldest_wait_sec * 1_000, language)}
      </td>
      <td>
        <LastHour name={queue.name} />
      </td>
      <td>
        <EditRate queue={queue} />
      </td>
      <td>
        <Tell queue={queue} />
      </td>
    </tr>
  );
}

/** How many waited, minute by minute, and how many ended. */
function LastHour({ name }: { name: string }) {
  const words = useWords(QUEUES);
  const { data } = useQuery({
    queryKey: ["hour", name],
    staleTime: 30_000,
    refetchInterval: 60_000,
    queryFn: () => {
      const since = new Date(Date.now() - HOUR_MS).toISOString();
      return body(api.GET("/stats/timeseries", { params: { query: { queue: name, bucket: "minute", since } } }));
    },
  });
  if (!data) return null;
  const ended = data.items.reduce((sum, each) => sum + each.completed + each.failed, 0);
  const depths = data.items.map((each) => each.depth);
  return (
    <span className="last-hour">
      <Spark values={halved(depths)} label={words.depths(Math.max(0, ...depths))} />
      {words.ended(ended)}
    </span>
  );
}

/** Two minutes a bar. */
function halved(values: number[]): number[] {
  return values.flatMap((value, index) => (index % 2 ? [] : [Math.max(value, values[index + 1] ?? 0)]));
}

function Tell({ queue }: { queue: Queue }) {
  const words = useWords(QUEUES);
  const { language } = useAppearance();
  const path = { params: { path: { name: queue.name } } };
  const { name } = queue;
  const waiting = counted(queue.ready, queue, language);
  const verb = (word: string, what: "pause" | "drain" | "resume") => ({
    word,
    label: `${word} ${name}`,
    act: () => api.POST(`/queues/{name}/${what}`, path),
    topics: ["queue" as const],
  });
  return (
    <>
      {queue.status === "open" ? (
        <>
          <Act
            {...verb(words.pause, "pause")}
            ask={{ title: words.pauseAsk(name, waiting), effect: words.pauseEffect }}
          />
          <Act
            {...verb(words.drain, "drain")}
            danger
            ask={{ title: words.drainAsk(name, waiting), effect: words.drainEffect }}
          />
        </>
      ) : (
        <Act {...verb(words.resume, "resume")} />
      )}
    </>
  );
}
