/** What the palette offers for what was typed: pages, things to do, jobs by name, a run by its id. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, body } from "../../api/client";
import { useLogout, useMay } from "../../api/session";
import { useAppearance, useWords } from "../../appearance";
import { OF_BROWSER } from "../../ui/zone";
import { LANGUAGE_NAMES, LANGUAGES } from "../../words";
import { STATES } from "../../words/common";
import { PAGES } from "../pages";
import { SHELL } from "../words";
import { fits, runIn } from "./matching";
import { PALETTE } from "./words";

export interface Entry {
  id: string;
  group: "runs" | "jobs" | "pages" | "actions";
  label: string;
  hint?: string;
  act: () => void;
}

const MOST_JOBS = 8;

export function useEntries(text: string, onHelp: () => void): Entry[] {
  const pages = usePages();
  const actions = useActions(onHelp);
  return [
    ...useRun(text),
    ...[...pages, ...actions].filter((entry) => entry.group === "pages" && fits(text, entry.label)),
    ...useJobs(text),
    ...actions.filter((entry) => fits(text, entry.label)),
  ];
}

function usePages(): Entry[] {
  const words = useWords(SHELL);
  const [, go] = useLocation();
  return PAGES.map(({ path, name, key }) => ({
    id: `page-${name}`,
    group: "pages",
    label: words[name],
    hint: `g ${key}`,
    act: () => go(path),
  }));
}

function useActions(onHelp: () => void): Entry[] {
  const words = { ...useWords(SHELL), ...useWords(PALETTE) };
  const { theme, language, chosenZone, setTheme, setLanguage, setZone } = useAppearance();
  const [, go] = useLocation();
  const mayWrite = useMay("write");
  const logout = useLogout();
  const done = (id: string, label: string, act: () => void): Entry => ({ id, group: "actions", label, act });
  return [
    ...(mayWrite ? [done("new-job", words.newJob, () => go("/jobs/new"))] : []),
    ...(["system", "light", "dark"] as const)
      .filter((each) => each !== theme)
      .map((each) => done(`theme-${each}`, `${words.theme}: ${words[each]}`, () => setTheme(each))),
    ...LANGUAGES.filter((each) => each !== language).map((each) =>
      done(`language-${each}`, `${words.language}: ${LANGUAGE_NAMES[each]}`, () => setLanguage(each)),
    ),
    ...(chosenZone === "UTC"
      ? [done("zone", `${words.zone}: ${words.browser}`, () => setZone(OF_BROWSER))]
      : [done("zone", `${words.zone}: UTC`, () => setZone("UTC"))]),
    done("shortcuts", words.shortcuts, onHelp),
    done("log-out", words.logOut, () => logout.mutate()),
  ];
}

function useJobs(text: string): Entry[] {
  const [, go] = useLocation();
  const query = useQuery({
    queryKey: ["job", "palette", text],
    enabled: text !== "",
    placeholderData: keepPreviousData,
    queryFn: () => body(api.GET("/overview/jobs", { params: { query: { q: text, limit: MOST_JOBS, runs: 1 } } })),
  });
  if (text === "") return [];
  return (query.data?.items ?? []).map((job) => ({
    id: `job-${job.job_id}`,
    group: "jobs",
    label: job.name,
    ...(job.name === job.job_id ? {} : { hint: job.job_id }),
    act: () => go(`/jobs/${encodeURIComponent(job.job_id)}`),
  }));
}

function useRun(text: string): Entry[] {
  const states = useWords(STATES);
  const [, go] = useLocation();
  const id = runIn(text);
  const { data: run } = useQuery({
    queryKey: ["run", id, "palette"],
    enabled: id !== null,
    queryFn: () => body(api.GET("/runs/{run_id}", { params: { path: { run_id: id ?? "" } } })),
  });
  if (id === null || !run) return [];
  return [
    {
      id: "run",
      group: "runs",
      label: run.run_id,
      hint: `${run.job_id} · ${states[run.status]}`,
      act: () => go(`/runs/${run.run_id}`),
    },
  ];
}
