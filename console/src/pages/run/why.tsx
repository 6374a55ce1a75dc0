/** What holds a run back and what would let it start, kept as it is now. */

import { useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "../../api/client";
import { jsonText } from "../../api/json";
import { useWords } from "../../appearance";
import { Fact, Facts } from "../../ui/facts";
import { Found } from "../../ui/states";
import { Moment } from "../../ui/time";
import { type Details, RUN, WHY } from "./words";

/** What holds it may change with no event of its own: a worker that ends, a rate that lets the next one go. */
const AGAIN_MS = 5_000;

export function Why({ id }: { id: string }) {
  const words = useWords(RUN);
  const query = useQuery({
    queryKey: ["run", id, "explain"],
    refetchInterval: AGAIN_MS,
    queryFn: () => body(api.GET("/runs/{run_id}/explain", { params: { path: { run_id: id } } })),
  });
  return (
    <section className="why">
      <h2>{words.why}</h2>
      <Found query={query} rows={1}>
        {(explanation) => (
          <>
            <Sentence {...explanation} />
            {explanation.expected_start && (
              <p>
                {words.mayStart} <Moment at={explanation.expected_start} />
              </p>
            )}
            {Object.keys(explanation.details).length > 0 && (
              <details>
                <summary>{words.details}</summary>
                <Facts>
                  {Object.entries(explanation.details).map(([name, value]) => (
                    <Fact key={name} name={name}>
                      <code>{typeof value === "string" ? value : jsonText(value)}</code>
                    </Fact>
                  ))}
                </Facts>
              </details>
            )}
          </>
        )}
      </Found>
    </section>
  );
}

/** In the reader's words; in the server's where it says something that is not known here. */
function Sentence({ code, message, details }: Pick<Schemas["Explanation"], "code" | "message"> & { details: Details }) {
  const { alsoPaused, ...words } = useWords(WHY);
  const known: Partial<Record<string, string | ((details: Details) => string)>> = words;
  const said = known[code];
  if (said === undefined) return <p lang="en">{message}</p>;
  return (
    <p>
      <strong>{typeof said === "string" ? said : said(details)}</strong> {details.queue_paused === true && alsoPaused}
    </p>
  );
}
