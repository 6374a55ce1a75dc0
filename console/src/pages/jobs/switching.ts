import { api, body } from "../../api/client";

/** Lets a job's schedules fire, or keeps them from it. */
export function switchJob(id: string, on: boolean) {
  const path = { params: { path: { job_id: id } } };
  return body(on ? api.PUT("/jobs/{job_id}/enable", path) : api.PUT("/jobs/{job_id}/disable", path));
}
