/** The jobs, by id: when each runs, how its last runs ended, and what can be done with it. What one looks for stands in the address. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Select } from "antd";
import { useLocation, useSearchParams } from "wouter";
import { api, body } from "../../api/client";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { Filters, Sought } from "../../ui/filters";
import { Heading } from "../../ui/heading";
import { Pager } from "../../ui/pager";
import { Found, Nothing, NothingMatches } from "../../ui/states";
import { FirstJob } from "./first";
import { JobTable } from "./table";
import { JOBS } from "./words";
import "./jobs.css";

export default function JobsPage() {
  const words = { ...useWords(), ...useWords(JOBS) };
  const [, go] = useLocation();
  const mayWrite = useMay("write");
  const [search, setSearch] = useSearchParams();
  const q = search.get("q") ?? "";
  const tag = search.getAll("tag");
  const enabled = search.get("enabled");
  const failing = search.get("failing") === "true";
  const cursor = search.get("cursor");
  const filtered = q !== "" || tag.length > 0 || enabled !== null || failing;
  const query = useQuery({
    queryKey: [["job", "run"], "list", search.toString()],
    placeholderData: keepPreviousData,
    queryFn: () =>
      body(
        api.GET("/overview/jobs", {
          params: {
            query: {
              ...(q ? { q } : {}),
              ...(tag.length ? { tag } : {}),
              ...(enabled ? { enabled: enabled === "true" } : {}),
              ...(failing ? { failing } : {}),
              ...(cursor ? { cursor } : {}),
            },
          },
        }),
      ),
  });
  const change = (name: string, values: string[]) =>
    setSearch((standing) => {
      const next = new URLSearchParams(standing);
      next.delete("cursor"); // another list begins at its beginning
      next.delete(name);
      for (const value of values) next.append(name, value);
      return next;
    });
  return (
    <>
      <header className="page-head">
        <Heading>{words.jobs}</Heading>
        {mayWrite && (
          <div className="actions">
            <Button type="primary" onClick={() => go("/jobs/new")}>
              {words.newJob}
            </Button>
          </div>
        )}
      </header>
      <Filters onClear={filtered ? () => setSearch({}) : undefined}>
        <Sought label={words.search} value={q} onSay={(said) => change("q", said ? [said] : [])} />
        <Select
          mode="tags"
          allowClear
          aria-label={words.tags}
          placeholder={words.tags}
          className="tags"
          value={tag}
          onChange={(chosen) => change("tag", chosen)}
          options={[...new Set(query.data?.items.flatMap((job) => job.tags))].map((value) => ({ value }))}
        />
        <Select
          aria-label={words.status}
          value={enabled ?? ""}
          onChange={(chosen) => change("enabled", chosen ? [chosen] : [])}
          options={[
            { value: "", label: words.anyState },
            { value: "true", label: words.enabled },
            { value: "false", label: words.disabled },
          ]}
        />
        <Checkbox checked={failing} onChange={(event) => change("failing", event.target.checked ? ["true"] : [])}>
          {words.failing}
        </Checkbox>
      </Filters>
      <Found query={query} rows={12}>
        {({ items, next_cursor }) => (
          <>
            {items.length > 0 ? (
              <JobTable jobs={items} onTag={(value) => change("tag", [value])} />
            ) : next_cursor || cursor ? (
              <Nothing title={words.moreBelow} />
            ) : filtered ? (
              <NothingMatches />
            ) : (
              <FirstJob />
            )}
            <Pager next={next_cursor} />
          </>
        )}
      </Found>
    </>
  );
}
