/** Starts a run by hand, with other inputs where the job takes any. */

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, body, type Schemas } from "../../../api/client";
import { jsonText } from "../../../api/json";
import { useWords } from "../../../appearance";
import { Ask } from "../../../ui/ask";
import { SelectControl, TextControl } from "../control";
import { JOB } from "../words";
import { changedInputs, type Parameter, parametersOf, typed } from "./parameters";

/** Starts a run, and goes to it. */
function useStart(id: string) {
  const [, go] = useLocation();
  return useMutation({
    mutationFn: (inputs: object) =>
      body(api.POST("/jobs/{job_id}/run", { params: { path: { job_id: id } }, body: { inputs } as never })),
    onSuccess: (run) => go(`/runs/${run.run_id}`),
  });
}

export function StartDialog({ job, onClose }: { job: Schemas["Job"]; onClose: () => void }) {
  const words = useWords(JOB);
  const parameters = parametersOf(job);
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [wrong, setWrong] = useState(false);
  const start = useStart(job.job_id);
  const submit = () => {
    try {
      setWrong(false);
      start.mutate(changedInputs(parameters, texts));
    } catch {
      setWrong(true);
    }
  };
  return (
    <Ask
      title={words.runTitle(job.name)}
      word={words.start}
      busy={start.isPending}
      error={start.error}
      onDo={submit}
      onClose={onClose}
    >
      {parameters.length === 0 && <p className="faint">{words.noParameters}</p>}
      {parameters.map((parameter) => (
        <Given
          key={parameter.name}
          parameter={parameter}
          text={texts[parameter.name] ?? typed(parameter, parameter.standing)}
          onChange={(text) => setTexts((standing) => ({ ...standing, [parameter.name]: text }))}
        />
      ))}
      {wrong && <p className="fault">✕ {words.noJson}</p>}
    </Ask>
  );
}

function Given({
  parameter,
  text,
  onChange,
}: {
  parameter: Parameter;
  text: string;
  onChange: (text: string) => void;
}) {
  const words = useWords(JOB);
  const { name, kind, about, required, choices } = parameter;
  const control = { label: required ? `${name} (${words.required})` : name, help: about, value: text, onChange };
  if (kind !== "choice" && kind !== "switch")
    return <TextControl {...control} {...(kind === "json" ? { rows: 2 } : {})} />;
  const values = kind === "switch" ? [true, false] : choices;
  const options = values.map((each) => [jsonText(each), String(each)] as const);
  return <SelectControl {...control} options={text === "" ? [["", "–"] as const, ...options] : options} />;
}
