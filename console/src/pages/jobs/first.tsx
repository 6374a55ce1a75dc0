/** How one comes to a first job: by the form, as YAML, in Python. */

import { Button } from "antd";
import { useLocation } from "wouter";
import { useWords } from "../../appearance";
import { Nothing } from "../../ui/states";
import { JOBS } from "./words";

const YAML = `job_id: hello
executor:
  type: shell
  script: echo "hello"
schedule: {interval_sec: 60}`;

const PYTHON = `from treadle import job


@job("hello", interval_seconds=60)
def hello() -> str:
    return "hello"`;

export function FirstJob() {
  const words = useWords(JOBS);
  const [, go] = useLocation();
  return (
    <Nothing title={words.jobs}>
      <p>{words.firstJob}</p>
      <div className="first-job">
        <section>
          <h2>{words.byForm}</h2>
          <Button type="primary" onClick={() => go("/jobs/new")}>
            {words.newJob}
          </Button>
        </section>
        <section>
          <h2>{words.byYaml}</h2>
          <p>{words.byYamlHelp}</p>
          <pre>{YAML}</pre>
          <pre>treadle job create hello.yaml</pre>
        </section>
        <section>
          <h2>{words.byCode}</h2>
          <p>{words.byCodeHelp}</p>
          <pre>{PYTHON}</pre>
        </section>
      </div>
    </Nothing>
  );
}
