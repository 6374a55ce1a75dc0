/** The first steps, for who has just started Treadle. Which of them are done the server says, by what there is. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../api/client";
import { useWords } from "../../appearance";
import { OVERVIEW, STEPS } from "./words";

type FirstStep = Schemas["FirstStep"];

const AGAIN_MS = 2_000;
const KEPT = "treadle.first-steps";

/** The steps that are to be shown: none where all were done before, or somebody has put them away. */
export function useFirstSteps() {
  const [away, setAway] = useState(() => localStorage.getItem(KEPT) !== null);
  const [begun, setBegun] = useState(false);
  const { data, isError } = useQuery({
    queryKey: ["first-steps"],
    enabled: !away,
    refetchInterval: ({ state }) => (state.data?.every((step) => step.done) ? false : AGAIN_MS),
    queryFn: async () => (await body(api.GET("/overview/first-steps"))).items,
  });
  const undone = data?.some((step) => !step.done) ?? false;
  useEffect(() => {
    if (undone) setBegun(true); // whoever is here when the last one is done sees it ticked
  }, [undone]);
  return {
    known: away || isError || data !== undefined,
    steps: !away && data && (undone || begun) ? data : [],
    putAway: () => {
      localStorage.setItem(KEPT, "away");
      setAway(true);
    },
  };
}

export function FirstSteps({ steps, putAway }: { steps: FirstStep[]; putAway: () => void }) {
  const words = useWords(OVERVIEW);
  const done = steps.filter((step) => step.done).length;
  return (
    <section className="card steps">
      <header>
        <h2>{words.firstSteps}</h2>
        <span className="faint">{words.stepsDone(done, steps.length)}</span>
        <button type="button" className="link" onClick={putAway}>
          {words.putAway}
        </button>
      </header>
      <ol>
        {steps.map((step) => (
          <Step key={step.step} step={step} own={steps.find(({ step }) => step === "job")?.subject ?? null} />
        ))}
      </ol>
    </section>
  );
}

function Step({ step: { step, done, subject }, own }: { step: FirstStep; own: string | null }) {
  const words = useWords(OVERVIEW);
  const said = useWords(STEPS);
  return (
    <li className={done ? "step step-done" : "step"}>
      <span className="step-sign" role="img" aria-label={done ? words.stepDone : words.stepOpen}>
        {done ? "✓" : "○"}
      </span>
      <div>
        <Link href={WAYS[step](subject, own)}>{said[step]}</Link>
        <div className="faint">
          {step === "run" && !done && own ? said.runOwn : said[`${step}${done ? "Done" : "Open"}`]}
        </div>
        {!done && <code>{HINTS[step](own)}</code>}
      </div>
    </li>
  );
}

/** Where a step is done, or seen: by the run or job that shows it, and the reader's own job. */
const WAYS: Record<FirstStep["step"], (subject: string | null, own: string | null) => string> = {
  server: () => "/queues?tab=workers",
  run: (subject, own) => (subject ? `/runs/${subject}` : own ? `/jobs/${encodeURIComponent(own)}` : "/runs"),
  job: (subject) => (subject ? `/jobs/${encodeURIComponent(subject)}` : "/jobs/new"),
  schedule: (subject, own) => (subject ? "/schedules" : own ? `/jobs/${encodeURIComponent(own)}` : "/jobs/new"),
};

/** The same by the command line. */
const HINTS: Record<FirstStep["step"], (own: string | null) => string> = {
  server: () => "treadle status",
  run: (own) => (own ? `treadle job run ${own}` : "treadle run list"),
  job: () => "treadle job scaffold hello",
  schedule: (own) => `treadle job edit ${own ?? "hello"}`,
};
