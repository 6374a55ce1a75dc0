/** How much of it there may be at once, how often, and in which order. */

import type { Schemas } from "../../../../api/client";
import { useWords } from "../../../../appearance";
import { MeantControl, SelectControl, TextControl } from "../../control";
import { PRIORITIES } from "../../words";
import { read } from "../fields";
import { UNIQUES, uniqueOf, withUnique, withUniqueKey } from "../uniqueness";
import { EDITOR } from "../words";
import { More, type Part, useField } from "./field";

const URGENCIES = ["critical", "high", "normal", "low"] as const satisfies readonly Schemas["Priority"][];

export function LimitsPart(part: Part) {
  const words = useWords(EDITOR);
  const priorities = useWords(PRIORITIES);
  const field = useField(part);
  const { draft } = part;
  return (
    <fieldset>
      <legend>{words.limits}</legend>
      <div className="columns">
        <MeantControl label={words.timeout} help={words.timeoutHelp} {...field.seconds("timeout")} />
        <TextControl label={words.queue} {...field.text("queue")} />
        <SelectControl
          label={words.priority}
          {...field.text("priority")}
          value={String(read(draft, "priority") ?? "normal")}
          options={URGENCIES.map((each) => [each, priorities[each]] as const)}
        />
        <MeantControl label={words.active} {...field.number("active")} />
        <MeantControl label={words.starts} {...field.number("starts")} />
        <MeantControl label={words.window} {...field.seconds("window")} />
      </div>
      <More name={words.byKey} fields={["concurrency_key", "concurrency_limit"]} part={part}>
        <TextControl label={words.key} help={words.keyHelp} {...field.text("concurrency_key")} />
        <MeantControl label={words.keyLimit} help={words.keyLimitHelp} {...field.number("concurrency_limit")} />
      </More>
      <More name={words.unique} fields={["unique"]} part={part}>
        <UniqueControls {...part} />
      </More>
    </fieldset>
  );
}

const CLASHES = ["skip", "replace", "keep"] as const satisfies readonly Schemas["OnClash"][];

function UniqueControls(part: Part) {
  const words = useWords(EDITOR);
  const field = useField(part);
  const { draft, onChange } = part;
  const unique = uniqueOf(draft);
  return (
    <>
      <SelectControl
        label={words.uniqueUntil}
        {...field.text("unique_until")}
        value={unique}
        options={UNIQUES.map((each) => [each, words[`unique_${each}`]] as const)}
        onChange={(next) => onChange(withUnique(draft, next))}
      />
      {unique === "seconds" && <MeantControl label={words.uniqueSeconds} {...field.needed("unique_until")} />}
      {unique !== "off" && (
        <>
          <TextControl
            label={words.uniqueKey}
            help={words.uniqueKeyHelp}
            {...field.text("unique_key")}
            onChange={(key) => onChange(withUniqueKey(draft, key))}
          />
          <SelectControl
            label={words.onClash}
            {...field.text("on_clash")}
            value={String(read(draft, "on_clash") ?? "skip")}
            options={CLASHES.map((each) => [each, words[`clash_${each}`]] as const)}
          />
        </>
      )}
    </>
  );
}
