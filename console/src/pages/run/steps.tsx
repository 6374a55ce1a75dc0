/** What a run has done for good: its durable steps. */

import { useQuery } from "@tanstack/react-query";
import { api, body, type RunDetail } from "../../api/client";
import { useWords } from "../../appearance";
import { Found } from "../../ui/states";
import { Moment } from "../../ui/time";
import { valueText } from "./differences";
import { RUN } from "./words";

export function Steps({ run }: { run: RunDetail }) {
  const words = useWords(RUN);
  const path = { params: { path: { run_id: run.run_id } } };
  const query = useQuery({
    queryKey: ["run", run.run_id, "steps"],
    queryFn: () => body(api.GET("/runs/{run_id}/steps", path)),
  });
  return (
    <>
      <h2>{words.steps}</h2>
      <Found query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="faint">{words.noSteps}</p>
          ) : (
            <div className="scroll">
              <table className="rows">
                <thead>
                  <tr>
                    <th>{words.step}</th>
                    <th>{words.kind}</th>
                    <th>{words.recorded}</th>
                    <th>{words.result}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((step) => (
                    <tr key={step.name}>
                      <td className="mono">{step.name}</td>
                      <td>{step.kind}</td>
                      <td>
                        <Moment at={step.recorded_at} />
                      </td>
                      <td className="mono error-cell">{valueText(step.result) ?? "–"}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Found>
    </>
  );
}
