/** The audit log: who changed what, when, and how it stood before and after. What is looked for stands in the address. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useSearchParams } from "wouter";
import { api, body } from "../../../api/client";
import { useWords } from "../../../appearance";
import { useAddress } from "../../../ui/address";

import { Listing } from "../../../ui/listing";
import { Nothing, NothingMatches } from "../../../ui/states";
import { Frame } from "../frame";
import { EntryRows } from "./entry";
import { Filter } from "./filter";
import { AUDIT } from "./words";
import "./audit.css";

const FILTERS = ["who", "action", "target"] as const;

export default function AuditPage() {
  return <Frame here="audit">{() => <Audit />}</Frame>;
}

function Audit() {
  const words = { ...useWords(), ...useWords(AUDIT) };
  const [search] = useSearchParams();
  const { told, change } = useAddress();
  const asked = Object.fromEntries([...FILTERS, "cursor"].flatMap((name) => (told(name) ? [[name, told(name)]] : [])));
  const filtered = FILTERS.some(told);
  const query = useQuery({
    queryKey: ["audit", asked],
    placeholderData: keepPreviousData,
    queryFn: () => body(api.GET("/audit-events", { params: { query: { limit: 50, ...asked } } })),
  });
  return (
    <>
      <div className="settings-bar audit-bar">
        {FILTERS.map((name) => (
          <Filter
            key={name}
            label={words[`${name}Prompt`]}
            value={told(name)}
            onSay={(said) => change({ [name]: said, entry: null })}
          />
        ))}
        {filtered && (
          <Button onClick={() => change({ who: null, action: null, target: null, entry: null })}>{words.clear}</Button>
        )}
      </div>
      <Listing
        query={query}
        rows={20}
        head={<Head />}
        none={filtered ? <NothingMatches /> : <Nothing title={words.nothingYet} />}
      >
        {(entry) => <EntryRows key={entry.entry_id} entry={entry} open={entry.entry_id === search.get("entry")} />}
      </Listing>
    </>
  );
}

function Head() {
  const words = { ...useWords(), ...useWords(AUDIT) };
  return (
    <>
      <th>{words.when}</th>
      <th>{words.who}</th>
      <th>{words.action}</th>
      <th>{words.target}</th>
      <th>
        <span className="hidden">{words.show}</span>
      </th>
    </>
  );
}
