/** Which workers its runs may go to. */

import { useWords } from "../../../../appearance";
import { MeantControl } from "../../control";
import { AFFINITIES } from "../fields";
import { EDITOR } from "../words";
import { More, type Part, useField } from "./field";

export function WorkersPart(part: Part) {
  const words = useWords(EDITOR);
  const field = useField(part);
  return (
    <fieldset>
      <legend>{words.workers}</legend>
      <p className="faint">{words.workersHelp}</p>
      <More name={words.affinity} fields={AFFINITIES} part={part}>
        {AFFINITIES.map((each) => (
          <MeantControl key={each} label={words[each]} help={words.commas} {...field.names(each)} />
        ))}
      </More>
    </fieldset>
  );
}
