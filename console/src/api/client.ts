/** The API as its description says, with the session's cookie. What is refused is thrown as a `Refusal`. */

import createClient, { type Middleware } from "openapi-fetch";
import { jsonText, parseJson } from "./json";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Run = Schemas["Run"];
export type RunDetail = Schemas["RunDetail"];
export type State = Schemas["State"];
export type Session = Schemas["Session"];
export type Scope = Schemas["Scope"];
export type LogEntry = Schemas["LogEntry"];

export const HOME = "/api/v1";

/** A problem (RFC 9457) as the API tells it. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  code: string;
  trace_id: string;
  errors: Schemas["Fault"][];
}

export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }
}

/** Whether the same call may go well a little later: nobody answered, or the server could not take it just then. */
export function passes(error: Error): boolean {
  return !(error instanceof Refusal) || error.problem.status === 503;
}

/** Changes need it beside the cookie, which no page elsewhere can read. It lives in memory alone. */
let csrf = "";

export function rememberCsrf(token: string | null): void {
  csrf = token ?? "";
}

const guard: Middleware = {
  onRequest({ request }) {
    if (csrf && request.method !== "GET") request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  async onResponse({ response, options }) {
    if (!response.ok) throw new Refusal(await problemIn(response));
    return options.parseAs === "json" && response.status !== 204 ? await exact(response) : response;
  },
};

/** An answer that reads itself as `parseJson` does. It says how long it is, or its reader takes the browser's way. */
async function exact(response: Response): Promise<Response> {
  const text = await response.text();
  const answer = new Response(null, { status: response.status, headers: { "Content-Length": `${text.length}` } });
  answer.json = async () => parseJson(text);
  return answer;
}

async function problemIn(response: Response): Promise<Problem> {
  const empty = { status: response.status, title: response.statusText, detail: "", code: "", trace_id: "", errors: [] };
  try {
    return { ...empty, ...(await response.json()) };
  } catch {
    return empty;
  }
}

export const api = createClient<paths>({
  baseUrl: HOME,
  querySerializer: { array: { style: "form", explode: true } },
  bodySerializer: (body) => jsonText(body),
});
api.use(guard);

/** The body of an answer that was not refused. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T;
}
