/** Acts on all runs that a filter finds, from any page: they are frozen by the click, shown with their count, and followed. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { of } from "../../api/live";
import { useMay } from "../../api/session";
import { useWords } from "../../appearance";
import { Dialog } from "../dialog";
import { Wrong } from "../states";
import { Confirm } from "./confirm";
import { Progress } from "./progress";
import { type Act, useFreeze, type Wanted } from "./requests";

export function BulkButton({
  word,
  act,
  wanted,
  minutes = 0,
  main = false,
  disabled = false,
}: {
  word: string;
  act: Act;
  wanted: Partial<Wanted>;
  /** Over how long starts are proposed to be spread. */
  minutes?: number;
  main?: boolean;
  disabled?: boolean;
}) {
  const words = useWords();
  const may = useMay("operate");
  const queries = useQueryClient();
  const freeze = useFreeze();
  const [begun, setBegun] = useState<string | null>(null);
  const close = () => {
    setBegun(null);
    freeze.reset();
    for (const topic of ["dead_letter", "failure_group"] as const) void queries.invalidateQueries(of(topic));
  };
  return (
    <>
      <button
        type="button"
        className={`button ${main ? "main" : ""}`}
        disabled={!may || disabled || freeze.isPending}
        title={may ? undefined : words.needsScope("operate")}
        onClick={() => freeze.mutate(wanted)}
      >
        {word}
      </button>
      {freeze.error && <Wrong error={freeze.error} />}
      {freeze.data && begun === null && (
        <Confirm selection={freeze.data} act={act} minutes={minutes} onClose={freeze.reset} onBegun={setBegun} />
      )}
      {begun !== null && (
        <Dialog label={word} onClose={close}>
          <Progress id={begun} onClose={close} />
        </Dialog>
      )}
    </>
  );
}
