/** What becomes of a failed attempt. */

import { useWords } from "../../../../appearance";
import { MeantControl, SelectControl } from "../../control";
import { BACKOFFS, backoffOf, withBackoff } from "../backoff";
import { read, readSecondsList, write } from "../fields";
import { EDITOR } from "../words";
import { faultsAt, type Part, useField } from "./field";

export function RetriesPart(part: Part) {
  const words = useWords(EDITOR);
  const field = useField(part);
  const { draft, faults, onChange } = part;
  const backoff = backoffOf(draft);
  return (
    <fieldset>
      <legend>{words.whenFailed}</legend>
      <div className="columns">
        <MeantControl label={words.retries} {...field.number("retries")} />
        <SelectControl
          label={words.backoffKind}
          value={backoff}
          options={BACKOFFS.map((each) => [each, words[`backoff_${each}`]] as const)}
          faults={faultsAt(faults, "strategy")}
          onChange={(next) => onChange(withBackoff(draft, next))}
        />
        {backoff === "list" && (
          <MeantControl
            label={words.backoff}
            help={words.backoffHelp}
            value={numbers(read(draft, "backoff"))}
            faults={faultsAt(faults, "backoff")}
            read={readSecondsList}
            write={(value) => value.join(", ")}
            onChange={(value) => onChange(write(draft, "backoff", value.length ? value : undefined))}
          />
        )}
        {backoff === "fixed" && <MeantControl label={words.delay} {...field.needed("delay")} />}
        {backoff === "exponential" && (
          <>
            <MeantControl label={words.base} help={words.baseHelp} {...field.needed("base")} />
            <MeantControl label={words.factor} help={words.factorHelp} {...field.needed("factor")} />
            <MeantControl label={words.cap} help={words.capHelp} {...field.needed("cap")} />
          </>
        )}
      </div>
    </fieldset>
  );
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
