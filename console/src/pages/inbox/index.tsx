/** What waits for a person. */

import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { api, body, type Run, type Schemas } from "../../api/client";
import { useWords } from "../../appearance";
import { BULK, LEFT } from "../../ui/bulk/words";
import { Heading } from "../../ui/heading";
import { Found, Nothing } from "../../ui/states";
import { Moment } from "../../ui/time";
import { INBOX } from "./words";
import "./inbox.css";

const SHOWN = 5;
const BULK_LOOKED_AT = 50;

export default function InboxPage() {
  const words = useWords(INBOX);
  const query = useWaiting();
  return (
    <>
      <header className="page-head">
        <Heading>{words.inbox}</Heading>
      </header>
      <Found query={query}>
        {({ letters, poison, bulk }) =>
          letters.length + poison.length + bulk.length === 0 ? (
            <Nothing title={words.empty}>{words.emptyHelp}</Nothing>
          ) : (
            <>
              <Part title={words.letters} items={letters} to="/queues?tab=dead-letters">
                {(run) => <Letter key={run.run_id} run={run} />}
              </Part>
              <Part title={words.poison} items={poison} to="/queues?tab=messages&state=poison">
                {(message) => <Poison key={message.message_id} message={message} />}
              </Part>
              <Part title={words.bulk} items={bulk}>
                {(action) => <Undone key={action.id} action={action} />}
              </Part>
            </>
          )
        }
      </Found>
    </>
  );
}

interface Waiting {
  letters: Run[];
  poison: Schemas["Message"][];
  bulk: Schemas["BulkAction"][];
}

/** One more of each than is shown tells whether there are more. */
function useWaiting(): UseQueryResult<Waiting> {
  return useQuery({
    queryKey: [["run", "dead_letter", "message", "bulk_action"], "inbox"],
    queryFn: async () => {
      const limit = SHOWN + 1;
      const [letters, poison, bulk] = await Promise.all([
        body(api.GET("/runs", { params: { query: { dead_letters: true, limit } } })),
        body(api.GET("/messages", { params: { query: { state: ["poison"], limit } } })),
        body(api.GET("/bulk-actions", { params: { query: { limit: BULK_LOOKED_AT } } })),
      ]);
      return { letters: letters.items, poison: poison.items, bulk: bulk.items.filter((action) => action.failed) };
    },
  });
}

function Part<T>({
  title,
  items,
  to,
  children,
}: {
  title: string;
  items: T[];
  to?: string;
  children: (item: T) => ReactNode;
}) {
  const words = useWords(INBOX);
  if (items.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul className="inbox">{items.slice(0, SHOWN).map(children)}</ul>
      {to && <Link href={to}>{words.all}</Link>}
    </section>
  );
}

function Letter({ run }: { run: Run }) {
  const why = run.error ? `${run.error.type || run.error.code}: ${run.error.message}` : "";
  return (
    <li>
      <Link href={`/runs/${run.run_id}`}>{run.job_id}</Link>
      <span className="inbox-why">{why}</span>
      <Moment at={run.finished_at} />
    </li>
  );
}

function Poison({ message }: { message: Schemas["Message"] }) {
  return (
    <li>
      <Link href={`/queues?tab=messages&state=poison&type=${encodeURIComponent(message.type)}`}>{message.type}</Link>
      <span className="inbox-why">{message.error?.message}</span>
      <Moment at={message.settled_at} />
    </li>
  );
}

function Undone({ action }: { action: Schemas["BulkAction"] }) {
  const words = useWords(INBOX);
  const acts = useWords(BULK);
  const left = useWords(LEFT);
  const refused = action.reasons.filter((each) => each.outcome === "failed");
  return (
    <li>
      <strong>{acts[action.action]}</strong>
      <span className="inbox-why">
        {words.couldNot(action.failed, action.total)}: {refused.map((each) => left[each.reason]).join(", ")}
      </span>
      <Moment at={action.finished_at ?? action.created_at} />
    </li>
  );
}
