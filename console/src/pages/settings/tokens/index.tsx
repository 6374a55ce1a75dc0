/** Tokens: which there are, when each was used last, and how they come and end. */

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { api, body, type Schemas } from "../../../api/client";
import { useWords } from "../../../appearance";
import { Act } from "../../../ui/act";
import { Listing } from "../../../ui/listing";
import { Nothing } from "../../../ui/states";
import { Moment } from "../../../ui/time";
import { highest } from "../fields";
import { Frame } from "../frame";
import { SETTINGS } from "../words";
import { NewToken } from "./new";
import { stateOf } from "./state";
import { TOKENS } from "./words";

export default function TokensPage() {
  return <Frame here="tokens">{() => <Tokens />}</Frame>;
}

function Tokens() {
  const words = { ...useWords(), ...useWords(TOKENS) };
  const [search] = useSearchParams();
  const [making, setMaking] = useState(false);
  const cursor = search.get("cursor");
  const query = useQuery({
    queryKey: ["token", "list", cursor],
    placeholderData: keepPreviousData,
    queryFn: () => body(api.GET("/tokens", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } } })),
  });
  return (
    <>
      <div className="settings-bar">
        <p>{words.what}</p>
        <Button type="primary" onClick={() => setMaking(true)}>
          {words.create}
        </Button>
      </div>
      <Listing query={query} head={<Head />} none={<Nothing title={words.nothingYet} />}>
        {(token) => <Row key={token.token_id} token={token} />}
      </Listing>
      {making && <NewToken onClose={() => setMaking(false)} />}
    </>
  );
}

function Head() {
  const words = { ...useWords(), ...useWords(SETTINGS), ...useWords(TOKENS) };
  return (
    <>
      <th>{words.name}</th>
      <th>{words.ending}</th>
      <th>{words.scope}</th>
      <th>{words.domain}</th>
      <th>{words.created}</th>
      <th>{words.createdBy}</th>
      <th>{words.lastUsed}</th>
      <th>{words.expires}</th>
      <th>{words.status}</th>
      <th>
        <span className="hidden">{words.actions}</span>
      </th>
    </>
  );
}

function Row({ token }: { token: Schemas["Token"] }) {
  const words = { ...useWords(), ...useWords(SETTINGS), ...useWords(TOKENS) };
  const queries = useQueryClient();
  const state = stateOf(token, new Date());
  const called = `${token.name} …${token.last4}`; // two may have one name
  const revoke = async () => {
    await body(api.DELETE("/tokens/{token_id}", { params: { path: { token_id: token.token_id } } }));
    await queries.invalidateQueries({ queryKey: ["token"] });
  };
  return (
    <tr className={state === "inForce" ? "" : "ended"}>
      <td>{token.name}</td>
      <td className="mono">…{token.last4}</td>
      <td>{highest(token.scopes)}</td>
      <td>{token.domain ?? words.everyDomain}</td>
      <td>
        <Moment at={token.created_at} />
      </td>
      <td>{token.created_by}</td>
      <td>{token.last_used_at ? <Moment at={token.last_used_at} /> : words.never}</td>
      <td>{token.expires_at ? <Moment at={token.expires_at} /> : words.never}</td>
      <td>{words[state]}</td>
      <td>
        {state === "inForce" && (
          <Act
            danger
            scope="admin"
            word={words.revoke}
            label={words.revokeOf(called)}
            ask={{ title: words.revokeAsk(called), effect: words.revokeEffect }}
            topics={[]}
            act={revoke}
          />
        )}
      </td>
    </tr>
  );
}
