/** The versions of a job: what changed from one to another, and back to one. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { api, body, type Schemas } from "../../../api/client";
import { jsonText } from "../../../api/json";
import { of } from "../../../api/live";
import { useMay } from "../../../api/session";
import { useWords } from "../../../appearance";
import { useAddress } from "../../../ui/address";
import { Ask } from "../../../ui/ask";
import { Diff } from "../../../ui/diff";
import { Pager } from "../../../ui/pager";
import { Found } from "../../../ui/states";
import { Moment } from "../../../ui/time";
import { definitionOf } from "../editor/document";
import { JOB } from "../words";
import "../control.css";
import { beyondStale, isStale } from "./actions";

type Job = Schemas["Job"];

export default function Versions({ job }: { job: Job }) {
  const cursor = useAddress().told("cursor") || null;
  const query = useQuery({
    queryKey: ["job", job.job_id, "versions", cursor],
    queryFn: () =>
      body(api.GET("/jobs/{job_id}/versions", { params: { path: { job_id: job.job_id }, query: { cursor } } })),
  });
  return (
    <Found query={query}>
      {({ items, next_cursor }) => <Compared job={job} versions={items} next={next_cursor} />}
    </Found>
  );
}

function Compared({ job, versions, next }: { job: Job; versions: Job[]; next: string | null }) {
  const words = useWords(JOB);
  const [search, setSearch] = useSearchParams();
  const [back, setBack] = useState<Job>();
  const mayWrite = useMay("write");
  const at = (name: string) => versions.find(({ version }) => String(version) === search.get(name));
  const newer = at("to") ?? versions[0] ?? job;
  const older = at("from") ?? versions.find(({ version }) => version < newer.version) ?? newer;
  const choose = (name: string, version: number) =>
    setSearch((standing) => {
      const next = new URLSearchParams(standing);
      next.set(name, String(version));
      return next;
    });
  return (
    <>
      <div className="scroll">
        <table className="rows">
          <thead>
            <tr>
              <th>{words.version}</th>
              <th>{words.changed}</th>
              <th>{words.definedIn}</th>
              <th>{words.before}</th>
              <th>{words.after}</th>
              <th>
                <span className="hidden">{words.rollBack}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map((each) => (
              <tr key={each.version}>
                <td>
                  {each.version} {each.version === job.version && <span className="faint">{words.standing}</span>}
                </td>
                <td>
                  <Moment at={each.updated_at} />
                </td>
                <td>{each.source}</td>
                {(["from", "to"] as const).map((side) => (
                  <td key={side}>
                    <input
                      type="radio"
                      name={side}
                      aria-label={`${side === "from" ? words.before : words.after}: ${each.version}`}
                      checked={each === (side === "from" ? older : newer)}
                      onChange={() => choose(side, each.version)}
                    />
                  </td>
                ))}
                <td className="number">
                  {mayWrite && each.version !== job.version && (
                    <Button size="small" aria-label={words.rollBackTo(each.version)} onClick={() => setBack(each)}>
                      {words.rollBack}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Pager next={next} />
      <h2>{words.between(older.version, newer.version)}</h2>
      <Diff before={written(older)} after={written(newer)} label={words.between(older.version, newer.version)} />
      {back && <RollBack job={job} to={back} onClose={() => setBack(undefined)} />}
    </>
  );
}

function RollBack({ job, to, onClose }: { job: Job; to: Job; onClose: () => void }) {
  const words = useWords(JOB);
  const queries = useQueryClient();
  const path = { path: { job_id: job.job_id, version: to.version }, header: { "if-match": `"${job.version}"` } };
  const roll = useMutation({
    mutationFn: () => body(api.POST("/jobs/{job_id}/rollback/{version}", { params: path })),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries(of("job")),
  });
  return (
    <Ask
      danger
      title={words.rollBackAsk(job.name, to.version)}
      word={words.rollBack}
      busy={roll.isPending}
      error={beyondStale(roll.error)}
      onDo={() => roll.mutate()}
      onClose={onClose}
    >
      <p>{words.rollBackEffect}</p>
      <Diff before={written(job)} after={written(to)} label={words.rollBackTo(to.version)} />
      {isStale(roll.error) && <p className="fault">✕ {words.changedMeanwhile}</p>}
    </Ask>
  );
}

function written(job: Job): string {
  return definitionOf(jsonText(job)).text;
}
