/** What stands in place of what is not there: loading, nothing, or what went wrong. */

import type { UseQueryResult } from "@tanstack/react-query";
import { Button } from "antd";
import type { ReactNode } from "react";
import { Refusal } from "../api/client";
import { useWords } from "../appearance";
import { PROBLEMS } from "../words/problems";
import "./states.css";

/** Shows what a query has found; before that a skeleton as high as it will be. */
export function Found<T>({
  query,
  rows = 8,
  children,
}: {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Wrong error={query.error} again={() => void query.refetch()} />;
  return <Skeleton rows={rows} />;
}

export function Skeleton({ rows }: { rows: number }) {
  return (
    <div className="skeleton" aria-busy="true" style={{ height: rows * 32 }}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike, and stay where they are
        <div key={row} />
      ))}
    </div>
  );
}

export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="nothing">
      <strong>{title}</strong>
      <div>{children}</div>
    </div>
  );
}

export function NothingMatches({ children }: { children?: ReactNode }) {
  const words = useWords();
  return (
    <Nothing title={words.nothingMatches}>
      {words.nothingMatchesHelp} {children}
    </Nothing>
  );
}

export function Wrong({ error, again }: { error: Error; again?: () => void }) {
  const words = useWords();
  const titles: Partial<Record<string, string>> = useWords(PROBLEMS);
  const problem = error instanceof Refusal ? error.problem : null;
  return (
    <div className="wrong" role="alert">
      <strong>{titles[problem?.code ?? ""] ?? (problem?.title || words.somethingWrong)}</strong>
      <p>{problem?.detail || (problem ? "" : words.noAnswer)}</p>
      {problem?.trace_id && (
        <p className="faint">
          {words.trace} <code>{problem.trace_id}</code>
        </p>
      )}
      {again && <Button onClick={again}>{words.tryAgain}</Button>}
    </div>
  );
}
