/** Failures that are one and the same, in groups: those that failed last first. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { Link } from "wouter";
import { api, body } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { useAddress } from "../../ui/address";
import { Filters, Sought } from "../../ui/filters";
import { Heading } from "../../ui/heading";
import { Listing } from "../../ui/listing";
import { Spark } from "../../ui/spark";
import { Found, Nothing, NothingMatches } from "../../ui/states";
import { Moment } from "../../ui/time";
import { ALL, type Group, isFiltered, question, RANGES, STATES, wanted } from "./model";
import { GroupStatus } from "./status";
import { FAILURES, GROUP_STATES } from "./words";
import "./failures.css";

const PAGE = 25;
const SHOWN_JOBS = 2;
/** Groups are counted a second behind the runs, and no event tells of a count. */
const LOOK_MS = 5_000;

export default function FailuresPage() {
  const words = useWords(FAILURES);
  const { told } = useAddress();
  const looked = wanted(told);
  const cursor = told("cursor");
  const query = useQuery({
    queryKey: ["failure_group", "list", looked, cursor],
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_MS,
    queryFn: () => {
      const asked = question(looked, Date.now());
      return body(
        api.GET("/failure-groups", { params: { query: { ...asked, limit: PAGE, ...(cursor ? { cursor } : {}) } } }),
      );
    },
  });
  return (
    <>
      <header className="page-head">
        <Heading>{words.failures}</Heading>
      </header>
      <Narrow />
      <Listing query={query} head={<Head />} none={<NoGroups />}>
        {(group) => <Row key={group.group_id} group={group} />}
      </Listing>
    </>
  );
}

function Narrow() {
  const words = useWords(FAILURES);
  const states = useWords(GROUP_STATES);
  const common = useWords();
  const { told, change } = useAddress();
  const looked = wanted(told);
  const { status, job, error, range } = looked;
  const clear = () => change({ status: null, job: null, error: null, range: null });
  return (
    <Filters onClear={isFiltered(looked) ? clear : undefined}>
      <select aria-label={common.status} value={status} onChange={(event) => change({ status: event.target.value })}>
        {STATES.map((each) => (
          <option key={each} value={each}>
            {states[each]}
          </option>
        ))}
        <option value={ALL}>{words.allStates}</option>
      </select>
      <select aria-label={words.range} value={range} onChange={(event) => change({ range: event.target.value })}>
        <option value="">{words.ever}</option>
        {(Object.keys(RANGES) as (keyof typeof RANGES)[]).map((each) => (
          <option key={each} value={each}>
            {words[each]}
          </option>
        ))}
      </select>
      <Sought label={common.job} value={job} onSay={(text) => change({ job: text })} />
      <Sought label={words.error} value={error} onSay={(text) => change({ error: text })} />
    </Filters>
  );
}

function NoGroups() {
  const { told, change } = useAddress();
  const looked = wanted(told);
  if (isFiltered(looked)) return <NothingMatches />;
  if (looked.status === ALL) return <NoFailures />;
  return <NoOpen onAll={() => change({ status: ALL })} />;
}

/** Nothing has failed so far, or all of it was dealt with. */
function NoOpen({ onAll }: { onAll: () => void }) {
  const words = useWords(FAILURES);
  const query = useQuery({
    queryKey: ["failure_group", "any"],
    queryFn: () => body(api.GET("/failure-groups", { params: { query: { limit: 1 } } })),
  });
  return (
    <Found query={query} rows={2}>
      {({ items }) =>
        items.length === 0 ? (
          <NoFailures />
        ) : (
          <Nothing title={words.noOpen}>
            <p>{words.noOpenHelp}</p>
            <Button onClick={onAll}>{words.showAll}</Button>
          </Nothing>
        )
      }
    </Found>
  );
}

function NoFailures() {
  const words = useWords(FAILURES);
  return <Nothing title={words.noFailures}>{words.noFailuresHelp}</Nothing>;
}

function Head() {
  const words = useWords(FAILURES);
  const common = useWords();
  return (
    <>
      <th>{words.failure}</th>
      <th>{common.status}</th>
      <th className="number">{words.count}</th>
      <th>{words.lastWeek}</th>
      <th>{words.first}</th>
      <th>{words.last}</th>
      <th>{words.jobs}</th>
    </>
  );
}

function Row({ group }: { group: Group }) {
  const words = useWords(FAILURES);
  const { language } = useAppearance();
  const recent = group.recent.reduce((sum, each) => sum + each, 0);
  return (
    <tr>
      <th scope="row" className="group-name" title={`${group.error}: ${group.title}`}>
        <Link href={`/failures/${group.group_id}`}>
          <strong>{group.error}</strong> {group.title}
        </Link>
        <code className="faint">{group.place}</code>
      </th>
      <td>
        <GroupStatus group={group} />
      </td>
      <td className="number">{group.count.toLocaleString(language)}</td>
      <td>
        <Spark values={group.recent} label={words.bars(recent)} tone="failed" />
      </td>
      <td>
        <Moment at={group.first_failed_at} />
      </td>
      <td>
        <Moment at={group.last_failed_at} />
      </td>
      <td>
        {group.jobs.slice(0, SHOWN_JOBS).map((job) => (
          <Link key={job.job_id} href={`/jobs/${encodeURIComponent(job.job_id)}`} className="group-job">
            {job.job_id}
          </Link>
        ))}
        {group.jobs.length > SHOWN_JOBS && <span className="faint">+{group.jobs.length - SHOWN_JOBS}</span>}
      </td>
    </tr>
  );
}
