/** Acts on many runs: they are frozen first, so that what is done touches what was counted and nothing that came later. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "../../api/client";

/** Which runs: the filters of the list. */
export type Wanted = Schemas["RunsWanted"];
export type Act = Schemas["Act"];
export type BulkAction = Schemas["BulkAction"];
export type Selection = Schemas["Selection"];
export const ACTS: readonly Act[] = ["retry", "cancel", "discard"];

const LOOK_MS = 500;

export function useFreeze() {
  return useMutation({
    mutationFn: (wanted: Partial<Wanted>) => {
      // The filters go as the address says them: what is wrong there the API refuses by name.
      const filter = wanted as Wanted;
      return body(api.POST("/selections", { body: { filter } }));
    },
  });
}

export function useSelection(id: string | null) {
  return useQuery({
    queryKey: ["selection", id],
    enabled: id !== null,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => body(api.GET("/selections/{selection_id}", { params: { path: { selection_id: id ?? "" } } })),
  });
}

/** What would become of each run; asked anew whenever somebody is about to decide. */
export function useForesight(selection: string, act: Act) {
  return useQuery({
    queryKey: ["foresight", selection, act],
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => body<BulkAction>(api.POST("/bulk-actions", { body: { ...order(selection, act), dry_run: true } })),
  });
}

/** However often the button is pressed, it is begun once. */
export function useBegin(selection: string, act: Act) {
  const [key] = useState(() => [...crypto.getRandomValues(new Uint32Array(4))].join("-"));
  return useMutation({
    mutationFn: (more: { spread_ms: number; why: string }) =>
      body<BulkAction>(
        api.POST("/bulk-actions", {
          params: { header: { "idempotency-key": key } },
          body: { ...order(selection, act), ...more },
        }),
      ),
  });
}

/** How far an action has come. */
export function useProgress(id: string) {
  return useQuery({
    queryKey: ["bulk_action", id],
    queryFn: () => body(api.GET("/bulk-actions/{action_id}", { params: { path: { action_id: id } } })),
    refetchInterval: ({ state }) => (state.data?.status === "running" ? LOOK_MS : false),
  });
}

function order(selection: string, action: Act): Schemas["BulkRequest"] {
  return { selection, action, dry_run: false, spread_ms: 0, why: "" };
}
