/** Dead letters: runs that failed, and that nobody has retried or discarded. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Run } from "../../api/client";
import { jsonText } from "../../api/json";
import { useWords } from "../../appearance";
import { Act } from "../../ui/act";
import { useAddress } from "../../ui/address";
import { BulkButton } from "../../ui/bulk/button";
import type { Wanted } from "../../ui/bulk/requests";
import { Filters, Sought } from "../../ui/filters";
import { Listing } from "../../ui/listing";
import { Nothing, NothingMatches } from "../../ui/states";
import { Moment } from "../../ui/time";
import { QUEUES } from "./words";

const PAGE = 50;

export function DeadLetters() {
  const words = useWords(QUEUES);
  const common = useWords();
  const { told, change } = useAddress();
  const [q, job, queue, cursor] = ["q", "job", "queue", "cursor"].map(told) as [string, string, string, string];
  const filtered = Boolean(q || job || queue);
  const wanted = {
    dead_letters: true,
    ...(q ? { q } : {}),
    ...(job ? { job: [job] } : {}),
    ...(queue ? { queue: [queue] } : {}),
  };
  const query = useQuery({
    queryKey: [["dead_letter", "run"], "letters", q, job, queue, cursor],
    placeholderData: keepPreviousData,
    queryFn: () =>
      body(api.GET("/runs", { params: { query: { ...wanted, limit: PAGE, ...(cursor ? { cursor } : {}) } } })),
  });
  return (
    <>
      <Filters onClear={filtered ? () => change({ q: null, job: null, queue: null }) : undefined}>
        <Sought label={common.search} value={q} onSay={(text) => change({ q: text })} />
        <Sought label={common.job} value={job} onSay={(text) => change({ job: text })} />
        <Sought label={common.queue} value={queue} onSay={(text) => change({ queue: text })} />
        <Many wanted={wanted} filtered={filtered} none={!query.data?.items.length} />
      </Filters>
      <Listing
        query={query}
        head={<Head />}
        none={filtered ? <NothingMatches /> : <Nothing title={words.noLetters}>{words.noLettersHelp}</Nothing>}
      >
        {(run) => <Letter key={run.run_id} run={run} />}
      </Listing>
    </>
  );
}

function Many({ wanted, filtered, none }: { wanted: Partial<Wanted>; filtered: boolean; none: boolean }) {
  const words = useWords(QUEUES);
  return (
    <div className="actions">
      <BulkButton
        act="retry"
        wanted={wanted}
        word={`${filtered ? words.retryMatching : words.retryAll}…`}
        disabled={none}
      />
      <BulkButton
        act="discard"
        wanted={wanted}
        word={`${filtered ? words.discardMatching : words.discardAll}…`}
        disabled={none}
      />
    </div>
  );
}

function Head() {
  const words = useWords(QUEUES);
  const common = useWords();
  return (
    <>
      <th>{common.job}</th>
      <th>{words.died}</th>
      <th>{words.failedAt}</th>
      <th className="number">{words.attempts}</th>
      <th>{common.queue}</th>
      <th>{words.input}</th>
      <th>{words.actions}</th>
    </>
  );
}

function Letter({ run }: { run: Run }) {
  const words = useWords(QUEUES);
  const common = useWords();
  const path = { params: { path: { run_id: run.run_id } } };
  const why = run.error ? `${run.error.type || run.error.code}: ${run.error.message}` : "–";
  const input = jsonText(run.inputs);
  const name = `${run.job_id} ${run.run_id}`;
  return (
    <tr>
      <th scope="row">
        <Link href={`/jobs/${encodeURIComponent(run.job_id)}`}>{run.job_id}</Link>
      </th>
      <td className="cell-cut" title={why}>
        <Link href={`/runs/${run.run_id}`}>{why}</Link>
      </td>
      <td>
        <Moment at={run.finished_at} />
      </td>
      <td className="number">{run.attempt}</td>
      <td>{run.queue}</td>
      <td className="cell-cut cell-cut-short" title={input}>
        <code>{input}</code>
      </td>
      <td>
        <Act
          word={common.retry}
          label={`${common.retry} ${name}`}
          topics={["run", "dead_letter", "failure_group"]}
          act={() => api.POST("/dead-letters/{run_id}/retry", path)}
        />
        <Act
          danger
          word={words.discard}
          label={`${words.discard} ${name}`}
          topics={["dead_letter"]}
          act={() => api.POST("/dead-letters/{run_id}/discard", path)}
          ask={{ title: words.discardAsk(name), effect: words.discardEffect }}
        />
      </td>
    </tr>
  );
}
