/** One run: how it stands and why, what it said, what went in and came out, and what was different when it went wrong. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type RunDetail } from "../../api/client";
import { useWords } from "../../appearance";
import { Heading } from "../../ui/heading";
import { Found } from "../../ui/states";
import { Status } from "../../ui/status";
import { Actions } from "./actions";
import { Attempts } from "./attempts";
import { CompareTab } from "./compare";
import { RunFacts } from "./facts";
import { Failure } from "./failure";
import { GraphTab } from "./graph";
import { InputResult } from "./json";
import { TABS, useView } from "./link";
import { LogView } from "./log";
import { useLog } from "./log/lines";
import { Steps } from "./steps";
import { Tabs } from "./tabs";
import { LifeBar, Spans } from "./timeline-bar";
import { Why } from "./why";
import { RUN } from "./words";
import "./run.css";

const WAITING = new Set<RunDetail["status"]>(["scheduled", "blocked", "ready"]);

export default function RunPage({ id = "" }: { id?: string }) {
  const path = { params: { path: { run_id: id } } };
  const query = useQuery({ queryKey: ["run", id], queryFn: () => body(api.GET("/runs/{run_id}", path)) });
  return <Found query={query}>{(run) => <Detail key={run.run_id} run={run} />}</Found>;
}

function Detail({ run }: { run: RunDetail }) {
  const words = useWords(RUN);
  const [search, change] = useView();
  const log = useLog(run.run_id);
  const tab = TABS.find((each) => each === search.get("tab")) ?? "logs";
  const asked = Number(search.get("attempt"));
  const attempt = run.attempts.find((each) => each.attempt === asked) ?? null;
  const error = attempt ? attempt.error : run.error;
  const titles = [words.logs, words.inputResult, words.timeline, words.graph, words.compare];
  return (
    <>
      <header className="page-head">
        <Heading title={run.job_id}>
          <Link href={`/jobs/${encodeURIComponent(run.job_id)}`}>{run.job_id}</Link>
        </Heading>
        <Status state={run.status} />
        <code className="run-id">{run.run_id}</code>
        <Actions run={run} />
      </header>
      {WAITING.has(run.status) && <Why id={run.run_id} />}
      {error && <Failure run={run} error={error} attempt={attempt?.attempt ?? run.attempt} log={log} />}
      <LifeBar run={run} chosen={attempt?.attempt ?? null} />
      <RunFacts run={run} />
      <Tabs
        label={words.parts}
        tabs={TABS.map((key, place) => ({ key, title: titles[place] ?? key }))}
        chosen={tab}
        onChoose={(key) => change({ tab: key === "logs" ? null : key })}
      >
        {tab === "logs" && <LogView run={run} log={log} />}
        {tab === "io" && <InputResult run={run} />}
        {tab === "timeline" && (
          <>
            <Attempts run={run} chosen={attempt?.attempt ?? null} />
            <Spans run={run} />
            <Steps run={run} />
          </>
        )}
        {tab === "graph" && <GraphTab run={run} />}
        {tab === "compare" && <CompareTab run={run} />}
      </Tabs>
    </>
  );
}
