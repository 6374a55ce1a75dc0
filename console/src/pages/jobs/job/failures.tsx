/** How a job failed: equal failures counted together. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body } from "../../../api/client";
import { useWords } from "../../../appearance";
import { Found } from "../../../ui/states";
import { Moment } from "../../../ui/time";
import { JOB } from "../words";

const SHOWN = 5;

export function Failures({ id }: { id: string }) {
  const words = useWords(JOB);
  const query = useQuery({
    queryKey: ["run", "failures", id],
    queryFn: () => body(api.GET("/failure-groups", { params: { query: { job: [id], limit: SHOWN } } })),
  });
  return (
    <Found query={query} rows={2}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="faint">{words.noFailures}</p>
        ) : (
          <ul className="failures">
            {items.map((group) => (
              <li key={group.group_id}>
                <strong className="fault">{group.error}</strong>{" "}
                <span className="faint">
                  {words.times(group.jobs.find((job) => job.job_id === id)?.count ?? group.count)} · {words.lastSeen}{" "}
                  <Moment at={group.last_failed_at} />
                </span>
                <Link href={`/runs/${group.run_id}`}>{group.title || group.place}</Link>
              </li>
            ))}
          </ul>
        )
      }
    </Found>
  );
}
