/** What the pages of schedules read, and what they change. */

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body, type Schemas } from "../../api/client";
import type { StandingName } from "./standing";

export type Overview = Schemas["ScheduleOverview"];
export type Agenda = Schemas["Agenda"];

export interface Wanted {
  q: string;
  job: string[];
  standing: StandingName[];
}

/** How runs end is told by events of runs, not of schedules: it is read anew now and then. */
const REFRESH_MS = 10_000;
const PAGE = 50;

export function useOverviews(wanted: Wanted, cursor: string | null) {
  return useQuery({
    queryKey: ["schedule", "overviews", wanted, cursor],
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
    queryFn: () =>
      body(
        api.GET("/overview/schedules", {
          params: { query: { ...wanted, limit: PAGE, ...(cursor ? { cursor } : {}) } },
        }),
      ),
  });
}

/** One schedule, null where there is none of this id. */
export function useOverview(id: string) {
  return useQuery({
    queryKey: ["schedule", "overview", id],
    refetchInterval: REFRESH_MS,
    queryFn: async () => {
      const page = await body(api.GET("/overview/schedules", { params: { query: { schedule: [id] } } }));
      return page.items[0] ?? null;
    },
  });
}

export function useAgenda(wanted: Wanted, days: number, timezone: string) {
  return useQuery({
    queryKey: ["schedule", "agenda", wanted, days, timezone],
    placeholderData: keepPreviousData,
    queryFn: () => body(api.GET("/overview/agenda", { params: { query: { ...wanted, days, timezone } } })),
  });
}

type Verb = "pause" | "resume" | "trigger";

/** Does something with a schedule; answers the run that came of it, where one did. */
export function useVerb(id: string) {
  const queries = useQueryClient();
  const params = { path: { schedule_id: id } };
  return useMutation({
    mutationFn: async (verb: Verb): Promise<Schemas["Run"] | null> => {
      if (verb === "trigger") return body(api.POST("/schedules/{schedule_id}/trigger", { params }));
      await body(
        verb === "pause"
          ? api.POST("/schedules/{schedule_id}/pause", { params })
          : api.POST("/schedules/{schedule_id}/resume", { params }),
      );
      return null;
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["schedule"] }),
  });
}
