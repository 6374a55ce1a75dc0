/** Somebody else has changed the job meanwhile: what differs, and whose word shall stand. */

import { Button } from "antd";
import { useWords } from "../../../appearance";
import { Dialog } from "../../../ui/dialog";
import { Diff } from "../../../ui/diff";
import type { Version } from "./saving";
import { EDITOR } from "./words";
import "../control.css";

export function Conflict({
  mine,
  stands,
  onMine,
  onTheirs,
  onClose,
}: {
  mine: string;
  stands: Version;
  onMine: () => void;
  onTheirs: () => void;
  onClose: () => void;
}) {
  const words = useWords(EDITOR);
  return (
    <Dialog label={words.conflict} className="wide-dialog" onClose={onClose}>
      <h2>{words.conflict}</h2>
      <p>{words.conflictHelp(stands.version)}</p>
      <Diff before={stands.text} after={mine} label={words.conflict} />
      <div className="buttons">
        <Button type="primary" onClick={onMine}>
          {words.saveMine}
        </Button>
        <Button danger onClick={onTheirs}>
          {words.takeTheirs}
        </Button>
        <Button onClick={onClose}>{words.goOn}</Button>
      </div>
    </Dialog>
  );
}
