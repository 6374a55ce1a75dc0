/** Users: who may log in, what each may do, and when they last came. */

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
import { ChangedUser, NewUser } from "./form";
import { USERS } from "./words";

type User = Schemas["User"];

export default function UsersPage() {
  return <Frame here="users">{() => <Users />}</Frame>;
}

function Users() {
  const words = { ...useWords(), ...useWords(USERS) };
  const [search] = useSearchParams();
  const [making, setMaking] = useState(false);
  const [changing, setChanging] = useState<User | null>(null);
  const cursor = search.get("cursor");
  const query = useQuery({
    queryKey: ["user", "list", cursor],
    placeholderData: keepPreviousData,
    queryFn: () => body(api.GET("/users", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } } })),
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
        {(user) => <Row key={user.user_id} user={user} onChange={() => setChanging(user)} />}
      </Listing>
      {making && <NewUser onClose={() => setMaking(false)} />}
      {changing && <ChangedUser user={changing} onClose={() => setChanging(null)} />}
    </>
  );
}

function Head() {
  const words = { ...useWords(), ...useWords(SETTINGS), ...useWords(USERS) };
  return (
    <>
      <th>{words.name}</th>
      <th>{words.scope}</th>
      <th>{words.domain}</th>
      <th>{words.created}</th>
      <th>{words.createdBy}</th>
      <th>{words.lastLogin}</th>
      <th>{words.status}</th>
      <th>
        <span className="hidden">{words.actions}</span>
      </th>
    </>
  );
}

function Row({ user, onChange }: { user: User; onChange: () => void }) {
  const words = { ...useWords(), ...useWords(SETTINGS), ...useWords(USERS) };
  const queries = useQueryClient();
  const there = user.removed_at === null;
  const remove = async () => {
    await body(api.DELETE("/users/{user_id}", { params: { path: { user_id: user.user_id } } }));
    await queries.invalidateQueries({ queryKey: ["user"] });
  };
  return (
    <tr className={there ? "" : "ended"}>
      <td>{user.name}</td>
      <td>{highest(user.scopes)}</td>
      <td>{user.domain ?? words.everyDomain}</td>
      <td>
        <Moment at={user.created_at} />
      </td>
      <td>{user.created_by}</td>
      <td>{user.last_login_at ? <Moment at={user.last_login_at} /> : words.never}</td>
      <td>{there ? words.inForce : words.removed}</td>
      <td>
        {there && (
          <>
            <Button size="small" aria-label={words.changeOf(user.name)} onClick={onChange}>
              {words.change}
            </Button>
            <Act
              danger
              scope="admin"
              word={words.remove}
              label={words.removeOf(user.name)}
              ask={{ title: words.removeAsk(user.name), effect: words.removeEffect }}
              topics={[]}
              act={remove}
            />
          </>
        )}
      </td>
    </tr>
  );
}
