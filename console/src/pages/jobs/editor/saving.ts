/** Keeps a document: as a new job, or over the version that it was made from and no other. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body, Refusal, type Schemas } from "../../../api/client";
import { of } from "../../../api/live";
import { asYaml } from "./checking";
import { definitionOf } from "./document";

/** A version of a job as a document. */
export interface Version {
  text: string;
  version: number;
}

export async function readVersion(id: string): Promise<Version> {
  // As text: numbers that a browser would round stay as they are.
  return definitionOf(
    await body<string>(api.GET("/jobs/{job_id}", { params: { path: { job_id: id } }, parseAs: "text" })),
  );
}

/** Answers the job, or the version that stands where it is not the one that `base` was made from. */
type Kept = { job: Schemas["Job"] } | { stands: Version };

async function keep(id: string | undefined, text: string, base: number): Promise<Kept> {
  if (id === undefined) return { job: await body(api.POST("/jobs", asYaml(text))) };
  const { headers, ...document } = asYaml(text);
  const path = { path: { job_id: id }, header: { "if-match": `"${base}"` } };
  try {
    return { job: await body(api.PUT("/jobs/{job_id}", { params: path, headers, ...document })) };
  } catch (error) {
    if (error instanceof Refusal && error.problem.code === "stale_version") return { stands: await readVersion(id) };
    throw error;
  }
}

export function useSaving(id: string | undefined, saved: (job: Schemas["Job"]) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ text, base }: { text: string; base: number }) => keep(id, text, base),
    onSuccess: (kept) => {
      void queries.invalidateQueries(of("job"));
      if ("job" in kept) saved(kept.job);
    },
  });
}
