/** Who is logged in. The cookie is the browser's; no script can read it. */

import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body, Refusal, rememberCsrf, type Scope, type Session } from "./client";

export const SESSION = ["session"];

/** The session that stands, or that a link has just opened; null where nobody is logged in. */
export function useSession() {
  return useQuery({
    queryKey: SESSION,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => (await followed()) ?? (await standing()),
  });
}

/** A link carries its code behind the `#`, which no server sees. It is taken out of the address at once. */
let code = new URLSearchParams(location.hash.slice(1)).get("code");
if (code) history.replaceState(null, "", location.pathname + location.search);

let refused: Refusal | null = null;

/** Why the link by which somebody came has opened nothing; null where it did, or they came by none. */
export function refusedLink(): Refusal | null {
  return refused;
}

async function followed(): Promise<Session | null> {
  if (!code) return null;
  const once = { name: "", password: "", domain: "", code };
  code = null;
  return unlessRefused(body(api.POST("/session", { body: once })), (refusal) => {
    refused = refusal;
  });
}

function standing(): Promise<Session | null> {
  return unlessRefused(body(api.GET("/session")));
}

async function unlessRefused(call: Promise<Session>, tell?: (refusal: Refusal) => void): Promise<Session | null> {
  try {
    return remembered(await call);
  } catch (error) {
    if (!(error instanceof Refusal && error.problem.status === 401)) throw error;
    tell?.(error);
    return null;
  }
}

/** Each includes those before it. */
export const SCOPES: readonly Scope[] = ["read", "operate", "write", "admin"];

/** Whether who is logged in may do what needs a scope. The server says no all the same: this is for what is offered. */
export function useMay(scope: Scope): boolean {
  return may(useSession().data?.scopes ?? [], scope);
}

export function may(held: readonly Scope[], scope: Scope): boolean {
  return held.some((each) => SCOPES.indexOf(each) >= SCOPES.indexOf(scope));
}

export type Login = { name: string; password: string } | { token: string };

export function useLogin() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (login: Login) =>
      "token" in login
        ? body<Session>(api.POST("/session", { headers: { Authorization: `Bearer ${login.token}` } }))
        : body<Session>(api.POST("/session", { body: { ...login, domain: "", code: "" } })),
    onSuccess: (session) => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] }); // may be of somebody else
      queries.setQueryData(SESSION, remembered(session));
    },
  });
}

export function useLogout() {
  return useMutation({
    mutationFn: () => body(api.DELETE("/session")),
    onSuccess: () => location.assign(import.meta.env.BASE_URL), // nothing of it stays in memory
  });
}

/** To be told of whatever was refused: after a 401 nobody is logged in any more. */
export function noteRefusal(queries: QueryClient, error: Error): void {
  if (error instanceof Refusal && error.problem.status === 401) queries.setQueryData(SESSION, null);
}

function remembered(session: Session): Session {
  rememberCsrf(session.csrf_token);
  return session;
}
