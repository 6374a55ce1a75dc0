/** All that differs between this run and another: part by part, causes before what came of them. */

import { Button } from "antd";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { Refusal, type RunDetail } from "../../api/client";
import { useWords } from "../../appearance";
import { Found, Nothing } from "../../ui/states";
import { Status } from "../../ui/status";
import { Moment } from "../../ui/time";
import { Changes } from "./changes";
import { areaOf } from "./differences";
import { useComparison } from "./failure";
import { useView } from "./link";
import { RUN } from "./words";

export function CompareTab({ run }: { run: RunDetail }) {
  const words = useWords(RUN);
  const [search, change] = useView();
  const against = search.get("against");
  const query = useComparison(run.run_id, against);
  const none = against === null && query.error instanceof Refusal && query.error.problem.status === 404;
  return (
    <>
      <Other key={against} standing={against ?? ""} onChoose={(id) => change({ against: id || null })} />
      {none ? (
        <Nothing title={words.neverWell} />
      ) : (
        <Found query={query}>
          {({ differences, against: other }) => (
            <>
              <p>
                {against ? words.otherRun : words.lastSuccess}:{" "}
                <Link href={`/runs/${other.run_id}`} className="mono">
                  {other.run_id}
                </Link>{" "}
                <Status state={other.status} /> <Moment at={other.created_at} />
              </p>
              {differences.length === 0 && <Nothing title={words.noDifference} />}
              {differences.length > 0 && (
                <Changes
                  differences={differences.toSorted((a, b) => ORDER.indexOf(areaOf(a)) - ORDER.indexOf(areaOf(b)))}
                  other={against ? words.otherRun : words.lastSuccess}
                />
              )}
            </>
          )}
        </Found>
      )}
    </>
  );
}

const ORDER = ["definition", "inputs", "worker", "order", "outcome"];

function Other({ standing, onChoose }: { standing: string; onChoose: (id: string) => void }) {
  const words = useWords(RUN);
  const [id, setId] = useState(standing);
  const choose = (event: FormEvent) => {
    event.preventDefault();
    onChoose(id.trim());
  };
  return (
    <form className="other" onSubmit={choose}>
      <label>
        {words.otherRun}
        <input
          className="mono"
          value={id}
          placeholder={words.lastSuccess}
          onChange={(event) => setId(event.target.value)}
        />
      </label>
      <Button htmlType="submit">{words.show}</Button>
    </form>
  );
}
