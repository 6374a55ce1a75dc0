/** Messages: what waits to be taken by runs, and what was set aside. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../api/client";
import { jsonText } from "../../api/json";
import { useWords } from "../../appearance";
import { Act } from "../../ui/act";
import { useAddress } from "../../ui/address";
import { Filters, Sought } from "../../ui/filters";
import { Listing } from "../../ui/listing";
import { Nothing, NothingMatches } from "../../ui/states";
import { Moment } from "../../ui/time";
import { MESSAGES, QUEUES } from "./words";

type Message = Schemas["Message"];

const PAGE = 50;
const STATES = ["pending", "leased", "processed", "poison"] as const;
const SIGNS = { pending: "○", leased: "▶", processed: "✓", poison: "✕" };

export function Messages() {
  const words = useWords(QUEUES);
  const states = useWords(MESSAGES);
  const common = useWords();
  const { told, change } = useAddress();
  const [type, cursor] = [told("type"), told("cursor")];
  const state = STATES.find((each) => each === told("state"));
  const filtered = Boolean(type || state);
  const query = useQuery({
    queryKey: [["message", "run"], "list", type, state, cursor],
    placeholderData: keepPreviousData,
    queryFn: () =>
      body(
        api.GET("/messages", {
          params: {
            query: {
              limit: PAGE,
              ...(type ? { type: [type] } : {}),
              ...(state ? { state: [state] } : {}),
              ...(cursor ? { cursor } : {}),
            },
          },
        }),
      ),
  });
  return (
    <>
      <Filters onClear={filtered ? () => change({ type: null, state: null }) : undefined}>
        <Sought label={words.type} value={type} onSay={(text) => change({ type: text })} />
        <select
          aria-label={common.status}
          value={state ?? ""}
          onChange={(event) => change({ state: event.target.value })}
        >
          <option value="">{words.allStates}</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {states[each]}
            </option>
          ))}
        </select>
      </Filters>
      <Listing
        query={query}
        head={<Head />}
        none={filtered ? <NothingMatches /> : <Nothing title={common.nothingYet}>{words.noMessages}</Nothing>}
      >
        {(message) => <Row key={message.message_id} message={message} />}
      </Listing>
    </>
  );
}

function Head() {
  const words = useWords(QUEUES);
  const common = useWords();
  return (
    <>
      <th>{words.message}</th>
      <th>{words.type}</th>
      <th>{common.status}</th>
      <th>{words.key}</th>
      <th>{words.put}</th>
      <th className="number">{words.attempts}</th>
      <th>{words.content}</th>
      <th>{common.run}</th>
      <th>{words.actions}</th>
    </>
  );
}

function Row({ message }: { message: Message }) {
  const states = useWords(MESSAGES);
  const payload = jsonText(message.payload);
  return (
    <tr>
      <th scope="row" className="mono">
        {message.message_id}
      </th>
      <td>{message.type}</td>
      <td className={`message-${message.state}`} title={message.error?.message}>
        <span aria-hidden="true">{SIGNS[message.state]}</span> {states[message.state]}
      </td>
      <td>{message.key || "–"}</td>
      <td>
        <Moment at={message.created_at} />
      </td>
      <td className="number">{message.attempts}</td>
      <td className="cell-cut cell-cut-short" title={payload}>
        <code>{payload}</code>
      </td>
      <td>{message.run_id ? <RunLink id={message.run_id} /> : <span className="faint">–</span>}</td>
      <td>
        <Tell message={message} />
      </td>
    </tr>
  );
}

function RunLink({ id }: { id: string }) {
  return (
    <Link href={`/runs/${id}`} className="mono">
      {id}
    </Link>
  );
}

function Tell({ message }: { message: Message }) {
  const words = useWords(QUEUES);
  const common = useWords();
  const path = { params: { path: { message_id: message.message_id } } };
  const name = message.message_id;
  return (
    <>
      {message.state === "poison" && (
        <Act
          word={common.retry}
          label={`${common.retry} ${name}`}
          topics={["message"]}
          act={() => api.POST("/messages/{message_id}/retry", path)}
        />
      )}
      {(message.state === "poison" || message.state === "pending") && (
        <Act
          danger
          word={words.discard}
          label={`${words.discard} ${name}`}
          topics={["message"]}
          act={() => api.POST("/messages/{message_id}/discard", path)}
          ask={{ title: words.discardAsk(name), effect: words.discardMessageEffect }}
        />
      )}
    </>
  );
}
