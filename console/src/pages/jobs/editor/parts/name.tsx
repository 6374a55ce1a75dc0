/** What people call the job. */

import { useWords } from "../../../../appearance";
import { MeantControl, TextControl } from "../../control";
import { EDITOR } from "../words";
import { type Part, useField } from "./field";

export function NamePart(part: Part & { fresh: boolean }) {
  const words = useWords(EDITOR);
  const field = useField(part);
  return (
    <fieldset>
      <legend className="hidden">{words.name}</legend>
      <TextControl label={words.sentence} help={words.sentenceHelp} rows={2} {...field.text("description")} />
      <div className="columns">
        <TextControl label={words.name} {...field.text("name")} />
        {part.fresh && <TextControl label={words.jobId} help={words.jobIdHelp} {...field.text("job_id")} />}
        <MeantControl label={words.tags} help={words.commas} {...field.names("tags")} />
      </div>
    </fieldset>
  );
}
