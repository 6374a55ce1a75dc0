/** Lanes: how many runs may be active at once, who holds a slot, who waits. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../api/client";
import { of } from "../../api/live";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { Act } from "../../ui/act";
import { useAddress } from "../../ui/address";
import { Ask, NumberField } from "../../ui/ask";
import { Listing } from "../../ui/listing";
import { Nothing } from "../../ui/states";
import { QUEUES } from "./words";

type Lane = Schemas["Lane"];

const PAGE = 50;
const SHOWN = 3;

export function Lanes() {
  const words = useWords(QUEUES);
  const common = useWords();
  const cursor = useAddress().told("cursor");
  const query = useQuery({
    queryKey: ["run", "lanes", cursor], // who holds and waits changes with runs
    queryFn: () => body(api.GET("/lanes", { params: { query: { limit: PAGE, ...(cursor ? { cursor } : {}) } } })),
  });
  return (
    <Listing query={query} rows={4} head={<Head />} none={<Nothing title={common.nothingYet}>{words.noLanes}</Nothing>}>
      {(lane) => <Row key={lane.key} lane={lane} />}
    </Listing>
  );
}

function Head() {
  const words = useWords(QUEUES);
  return (
    <>
      <th>{words.lane}</th>
      <th className="number">{words.limit}</th>
      <th>{words.limitFrom}</th>
      <th className="number">{words.held}</th>
      <th className="number">{words.waitFor}</th>
      <th>{words.holders}</th>
      <th>{words.actions}</th>
    </>
  );
}

function Row({ lane }: { lane: Lane }) {
  const words = useWords(QUEUES);
  const declared = lane.declared === null ? words.declaredNone : words.declared(lane.declared);
  return (
    <tr>
      <th scope="row" className="mono">
        {lane.key}
      </th>
      <td className="number">{lane.limit}</td>
      <td>{lane.by_hand === null ? declared : words.byHand(declared)}</td>
      <td className="number">{lane.held}</td>
      <td className="number">{lane.waiting}</td>
      <td>
        {lane.holders.slice(0, SHOWN).map((id) => (
          <Link key={id} href={`/runs/${id}`} className="run-now mono">
            {id}
          </Link>
        ))}
        {lane.held > SHOWN && <span className="faint">+{lane.held - SHOWN}</span>}
        {lane.held === 0 && <span className="faint">–</span>}
      </td>
      <td>
        <SetLimit lane={lane} />
        {lane.by_hand !== null && (
          <Act
            word={words.takeBack}
            label={`${words.takeBack} ${lane.key}`}
            scope="write"
            topics={["run"]}
            act={() => api.DELETE("/lanes/{key}", { params: { path: { key: lane.key } } })}
          />
        )}
      </td>
    </tr>
  );
}

function SetLimit({ lane }: { lane: Lane }) {
  const words = useWords(QUEUES);
  const common = useWords();
  const may = useMay("write");
  const queries = useQueryClient();
  const [limit, setLimit] = useState<number | null>(null);
  const save = useMutation({
    mutationFn: (wanted: number) =>
      api.PUT("/lanes/{key}", { params: { path: { key: lane.key } }, body: { limit: wanted } }),
    onSuccess: () => {
      void queries.invalidateQueries(of("run"));
      setLimit(null);
    },
  });
  return (
    <span className="act">
      <Button
        size="small"
        disabled={!may}
        title={may ? undefined : common.needsScope("write")}
        aria-label={`${words.setLimit} ${lane.key}`}
        onClick={() => setLimit(lane.limit)}
      >
        {words.setLimit}
      </Button>
      {limit !== null && (
        <Ask
          title={words.limitOf(lane.key)}
          word={common.save}
          busy={save.isPending}
          error={save.error}
          onDo={() => save.mutate(limit)}
          onClose={() => setLimit(null)}
        >
          <div className="asked-line">
            {words.limit}
            <NumberField label={words.limit} min={0} value={limit} onChange={setLimit} />
          </div>
          <p className="faint">{words.limitHelp}</p>
        </Ask>
      )}
    </span>
  );
}
