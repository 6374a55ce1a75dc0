/** What needs somebody, each with the way to where it is mended. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Schemas } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { useNow } from "../../ui/now";
import { relative } from "../../ui/relative";
import { Found } from "../../ui/states";
import { MATTERS, OVERVIEW } from "./words";

type Concern = Schemas["Concern"];
type Matter = Concern["matter"];

/** Not all that it is made of comes with events: a schedule is overdue by what does not happen. */
const AGAIN_MS = 5_000;

const TOPICS = ["run", "job", "schedule", "queue", "worker", "dead_letter", "failure_group"];

const GRAVE: readonly Matter[] = ["no_scheduler", "no_worker", "untaken_queue", "overdue_schedule", "failing_job"];

export function Attention() {
  const words = useWords(OVERVIEW);
  const query = useQuery({
    queryKey: [TOPICS, "attention"],
    refetchInterval: AGAIN_MS,
    queryFn: () => body(api.GET("/overview/attention")),
  });
  return (
    <section className="card attention">
      <header>
        <h2>{words.attention}</h2>
      </header>
      <Found query={query} rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="well">
              <span aria-hidden="true">✓</span> {words.allIsWell}
            </p>
          ) : (
            <ul className="concerns">
              {items.map((concern) => (
                <Row key={concern.matter + concern.subject} concern={concern} />
              ))}
            </ul>
          )
        }
      </Found>
    </section>
  );
}

function Row({ concern }: { concern: Concern }) {
  const words = useWords(MATTERS);
  const grave = GRAVE.includes(concern.matter);
  const what = words[concern.matter](concern.subject, concern.count, concern.said);
  return (
    <li className={grave ? "concern concern-grave" : "concern"}>
      <span aria-hidden="true">{grave ? "✕" : "!"}</span>
      <div>
        <Link href={wayTo(concern)}>{what}</Link>
        <div className="faint">
          {concern.run_id && concern.said && <div className="concern-said">{concern.said}</div>}
          {concern.since && <Ago at={concern.since} />}
        </div>
      </div>
    </li>
  );
}

function Ago({ at }: { at: string }) {
  const { language } = useAppearance();
  const ago = Math.min(0, Date.parse(at) - useNow());
  return <time dateTime={at}>{relative(ago, language)}</time>;
}

/** Where it is mended. */
function wayTo({ matter, subject, run_id }: Concern): string {
  switch (matter) {
    case "failing_job":
      return run_id ? `/runs/${run_id}` : `/jobs/${encodeURIComponent(subject)}`;
    case "overdue_schedule":
    case "no_scheduler":
      return "/schedules";
    case "failure_group":
      return `/failures/${encodeURIComponent(subject)}`;
    case "dead_letters":
      return "/queues?tab=dead-letters";
    case "no_worker":
    case "lost_process":
      return "/queues?tab=workers";
    case "paused_queue":
    case "untaken_queue":
      return "/queues";
  }
}
