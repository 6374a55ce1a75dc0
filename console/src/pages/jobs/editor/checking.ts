/** What the server thinks of a document, asked while somebody writes it. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, body, Refusal, type Schemas } from "../../../api/client";
import type { Draft, Fault } from "./document";

const PAUSE_MS = 300;

export interface Checked {
  /** All that is wrong, with its lines. */
  faults: Fault[];
  /** What the server answered last. */
  found: Schemas["Validation"] | undefined;
  /** Whether this is about the text as it is now. */
  settled: boolean;
  /** Why the server could not be asked, and how to ask it again. */
  failed?: { error: Error; again: () => void };
}

export function useChecked(draft: Draft): Checked {
  const text = useSettled(draft.text);
  const { broken } = draft;
  const query = useQuery({
    queryKey: ["validate", text],
    enabled: broken.length === 0,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    queryFn: () => check(text),
  });
  if (broken.length) return { faults: broken, found: undefined, settled: true };
  const found = query.data;
  const settled = text === draft.text && !query.isFetching;
  if (!query.error) return { faults: (found?.errors ?? []).map(at(draft)), found, settled };
  const faults = faultsOf(query.error, draft);
  if (faults) return { faults, found, settled };
  return { faults: [], found: undefined, settled, failed: { error: query.error, again: () => void query.refetch() } };
}

async function check(text: string): Promise<Schemas["Validation"]> {
  return body(api.POST("/jobs/validate", asYaml(text)));
}

/** A document goes out as the text that somebody wrote: the server reads it, and nobody else. */
export function asYaml(text: string) {
  return {
    body: text as never,
    bodySerializer: (said: unknown) => String(said),
    headers: { "Content-Type": "application/yaml" },
  };
}

/** What was refused, at its places; undefined where that was for another reason. */
export function faultsOf(error: Error, draft: Draft): Fault[] | undefined {
  if (!(error instanceof Refusal) || ![400, 422].includes(error.problem.status)) return undefined;
  const { errors = [], detail } = error.problem as { errors?: Schemas["Fault"][]; detail: string };
  if (errors.length === 0) return [{ pointer: "", message: detail, line: lineIn(detail) }];
  return errors.map(at(draft));
}

function at(draft: Draft) {
  return ({ pointer, message }: Schemas["Fault"]): Fault => ({ pointer, message, line: draft.line(pointer) });
}

/** The line that the server's reader names. */
function lineIn(message: string): number {
  return Number(/\bline (\d+)/.exec(message)?.[1] ?? 1);
}

/** A value once it has stood for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [value]);
  return settled;
}
