/** What the job runs, and with what. */

import { useWords } from "../../../../appearance";
import { MeantControl, SelectControl, TextControl } from "../../control";
import { tidied } from "../document";
import { environmentOf, hasOnlyLines, readEnvironment, writeEnvironment } from "../environment";
import { KINDS, kindOf, withKind, write } from "../fields";
import { EDITOR } from "../words";
import { faultsAt, More, type Part, useField } from "./field";

export function WhatPart(part: Part) {
  const words = useWords(EDITOR);
  const field = useField(part);
  const { draft, onChange } = part;
  const kind = kindOf(draft);
  return (
    <fieldset>
      <legend>{words.what}</legend>
      <SelectControl
        label={words.kind}
        value={kind}
        options={KINDS.map((each) => [each, words[each]] as const)}
        onChange={(next) => onChange(withKind(draft, next))}
      />
      {kind === "handler" && <TextControl label={words.handlerName} {...field.kept("handler")} />}
      {(kind === "shell" || kind === "python") && (
        <TextControl label={words.script} rows={6} {...field.kept("script")} />
      )}
      {kind === "program" && (
        <MeantControl
          label={words.argv}
          rows={4}
          {...field.names("argv")}
          read={(text) => text.split("\n").filter(Boolean)}
          write={(value) => value.join("\n")}
          onChange={(value) => onChange(write(draft, "argv", value))}
        />
      )}
      <InputsControl key={kind} {...part} />
      {kind !== "handler" && (
        <MeantControl label={words.secrets} help={words.secretsHelp} {...field.names("secrets")} />
      )}
      {kind !== "handler" && (
        <More name={words.environment} fields={["env"]} part={part}>
          <EnvironmentControl {...part} />
        </More>
      )}
    </fieldset>
  );
}

/** Inputs may be anything: they are written as YAML here too. */
function InputsControl({ draft, faults, onChange }: Part) {
  const words = useWords(EDITOR);
  return (
    <MeantControl
      label={words.inputs}
      rows={3}
      value={draft.part(["inputs"])}
      faults={faultsAt(faults, "inputs")}
      otherwise={words.inputsBroken}
      read={tidied}
      write={(text) => text}
      onChange={(text) => onChange(draft.withPart(["inputs"], text))}
    />
  );
}

/** Variables as lines. What no line can say is left to YAML. */
function EnvironmentControl({ draft, faults, onChange }: Part) {
  const words = useWords(EDITOR);
  const environment = environmentOf(draft);
  if (!hasOnlyLines(environment)) return <p className="faint">{words.envByYaml}</p>;
  return (
    <MeantControl
      label={words.env}
      help={words.envHelp}
      rows={3}
      value={environment}
      faults={faultsAt(faults, "env")}
      otherwise={words.envBroken}
      read={readEnvironment}
      write={writeEnvironment}
      onChange={(value) => onChange(write(draft, "env", Object.keys(value).length ? value : undefined))}
    />
  );
}
