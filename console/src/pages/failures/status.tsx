/** How a group of failures stands: a sign, a word and a colour. */

import { useWords } from "../../appearance";
import { Moment } from "../../ui/time";
import type { Group } from "./model";
import { GROUP_STATES } from "./words";

const SIGNS: Record<Group["status"], string> = { open: "✕", snoozed: "☾", resolved: "✓" };

export function GroupStatus({ group }: { group: Group }) {
  const words = useWords(GROUP_STATES);
  return (
    <span className={`group-status group-${group.status}`}>
      <span aria-hidden="true">{SIGNS[group.status]}</span> {words[group.status]}
      {group.snoozed_until && (
        <span className="faint">
          {" "}
          → <Moment at={group.snoozed_until} />
        </span>
      )}
    </span>
  );
}
