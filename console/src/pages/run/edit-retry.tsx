/** A retry with other input: JSON that is looked at as it is typed, and judged by the server against what the job takes. */

import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useLocation } from "wouter";
import { api, body, Refusal, type RunDetail } from "../../api/client";
import { jsonText, parseJson } from "../../api/json";
import { useWords } from "../../appearance";
import { Ask } from "../../ui/ask";
import { RUN } from "./words";

export function EditRetry({ run, onClose }: { run: RunDetail; onClose: () => void }) {
  const common = useWords();
  const words = useWords(RUN);
  const id = useId();
  const [, go] = useLocation();
  const [text, setText] = useState(() => jsonText(run.inputs, 2));
  const read = objectIn(text);
  const retry = useMutation({
    mutationFn: (inputs: Record<string, never>) =>
      body(
        api.POST("/runs/{run_id}/retry", { params: { path: { run_id: run.run_id } }, body: { inputs, replace: true } }),
      ),
    onSuccess: (next) => {
      onClose();
      go(`/runs/${next.run_id}`);
    },
  });
  const faults = retry.error instanceof Refusal ? retry.error.problem.errors : [];
  return (
    <Ask
      title={words.editTitle}
      word={common.retry}
      disabled={"fault" in read}
      busy={retry.isPending}
      error={faults.length === 0 ? retry.error : null}
      onDo={() => "inputs" in read && retry.mutate(read.inputs)}
      onClose={onClose}
    >
      <p>{words.editHelp}</p>
      <label htmlFor={id}>{words.input}</label>
      <textarea
        id={id}
        className="edited mono"
        rows={Math.min(20, Math.max(6, text.split("\n").length + 1))}
        spellCheck={false}
        value={text}
        aria-invalid={"fault" in read || faults.length > 0}
        aria-describedby={`${id}-faults`}
        onChange={(event) => {
          retry.reset();
          setText(event.target.value);
        }}
      />
      <div id={`${id}-faults`} aria-live="polite" className="faults">
        {"fault" in read && (
          <p>
            {words.notJson} {read.fault}
          </p>
        )}
        {faults.map(({ pointer, message }) => (
          <p key={pointer + message}>
            <code>{pointer}</code> {message}
          </p>
        ))}
      </div>
    </Ask>
  );
}

/** The object that a text is the JSON of, or what is wrong with it, as the browser says it. */
export function objectIn(text: string): { inputs: Record<string, never> } | { fault: string } {
  try {
    const value: unknown = parseJson(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { inputs: value as Record<string, never> } : { fault: "" };
  } catch (error) {
    return { fault: `(${(error as Error).message})` };
  }
}
