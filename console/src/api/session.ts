/** Who is logged in. The cookie is the browser's; no script can read it. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body, Refusal, rememberCsrf, type Session } from "./client";

const KEY = ["session"];

/** The session that stands; null where nobody is logged in. */
export function useSession() {
  return useQuery({
    queryKey: KEY,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<Session | null> => {
      try {
        return remembered(await body(api.GET("/session")));
      } catch (error) {
        if (error instanceof Refusal && error.problem.status === 401) return null;
        throw error;
      }
    },
  });
}

export type Login = { name: string; password: string } | { token: string };

export function useLogin() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (login: Login) =>
      "token" in login
        ? body<Session>(api.POST("/session", { headers: { Authorization: `Bearer ${login.token}` } }))
        : body<Session>(api.POST("/session", { body: login })),
    onSuccess: (session) => queries.setQueryData(KEY, remembered(session)),
  });
}

export function useLogout() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => body(api.DELETE("/session")),
    onSettled: () => {
      rememberCsrf(null);
      queries.clear();
      queries.setQueryData(KEY, null);
    },
  });
}

function remembered(session: Session): Session {
  rememberCsrf(session.csrf_token);
  return session;
}
