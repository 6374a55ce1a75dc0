/** The runs, newest first. What one looks for stands in the address. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Input, Select } from "antd";
import { Link, useSearchParams } from "wouter";
import { api, body, type Run, type State } from "../api/client";
import { useWords } from "../appearance";
import { Found, Nothing } from "../ui/states";
import { STATES, Status } from "../ui/status";
import { Lasting, Moment } from "../ui/time";

const PAGE = 50;

export default function RunsPage() {
  const words = useWords();
  const [search, setSearch] = useSearchParams();
  const status = search.getAll("status") as State[];
  const text = search.get("q") ?? "";
  const job = search.get("job") ?? "";
  const cursor = search.get("cursor");
  const filtered = status.length > 0 || text !== "" || job !== "";
  const query = useQuery({
    queryKey: ["run", "list", search.toString()],
    placeholderData: keepPreviousData,
    queryFn: () =>
      body(
        api.GET("/runs", {
          params: {
            query: {
              limit: PAGE,
              ...(status.length ? { status } : {}),
              ...(job ? { job: [job] } : {}),
              ...(text ? { q: text } : {}),
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
        <h1>{words.runs}</h1>
        <Input.Search
          allowClear
          aria-label={words.search}
          placeholder={words.search}
          defaultValue={text}
          key={text}
          onSearch={(said) => change("q", said ? [said] : [])}
        />
        <Select<State[]>
          mode="multiple"
          allowClear
          aria-label={words.status}
          placeholder={words.status}
          className="wide"
          value={status}
          onChange={(chosen) => change("status", chosen)}
          options={STATES.map((value) => ({ value, label: <Status state={value} /> }))}
        />
        {filtered && <Button onClick={() => setSearch({})}>{words.clear}</Button>}
      </header>
      <Found query={query} rows={20}>
        {(page) =>
          page.items.length === 0 ? (
            filtered ? (
              <Nothing title={words.nothingMatches}>{words.nothingMatchesHelp}</Nothing>
            ) : (
              <Nothing title={words.nothingYet}>{words.nothingYetRuns}</Nothing>
            )
          ) : (
            <>
              <RunTable runs={page.items} onJob={(id) => change("job", [id])} />
              <footer className="pager">
                {cursor && <Button onClick={() => change("cursor", [])}>{words.newest}</Button>}
                {page.next_cursor && (
                  <Button
                    onClick={() =>
                      setSearch((standing) => {
                        const next = new URLSearchParams(standing);
                        next.set("cursor", page.next_cursor ?? "");
                        return next;
                      })
                    }
                  >
                    {words.older}
                  </Button>
                )}
              </footer>
            </>
          )
        }
      </Found>
    </>
  );
}

function RunTable({ runs, onJob }: { runs: Run[]; onJob: (id: string) => void }) {
  const words = useWords();
  return (
    <div className="scroll">
      <table className="rows">
        <thead>
          <tr>
            <th>{words.status}</th>
            <th>{words.run}</th>
            <th>{words.job}</th>
            <th>{words.created}</th>
            <th className="number">{words.waited}</th>
            <th className="number">{words.took}</th>
            <th className="number">{words.attempt}</th>
            <th>{words.queue}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.run_id}>
              <td>
                <Status state={run.status} />
              </td>
              <td>
                <Link href={`/runs/${run.run_id}`} className="mono">
                  {run.run_id}
                </Link>
              </td>
              <td>
                <button type="button" className="link" onClick={() => onJob(run.job_id)}>
                  {run.job_id}
                </button>
              </td>
              <td>
                <Moment at={run.created_at} />
              </td>
              <td className="number">
                <Lasting from={run.due_at} to={run.started_at ?? run.finished_at} />
              </td>
              <td className="number">
                <Lasting from={run.started_at} to={run.finished_at} />
              </td>
              <td className="number">{run.attempt || "–"}</td>
              <td>{run.queue}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
