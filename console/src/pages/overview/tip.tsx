/** The numbers of the bar that is pointed at. */

import { useAppearance } from "../../appearance";
import { Status } from "../../ui/status";
import { spanText } from "./span";
import { type Bar, OUTCOMES } from "./stack";

/** `left` is the pointer's place; where it is `turned`, the numbers stand before it, so that they are never cut off. */
export function Tip({ bar, left, turned }: { bar: Bar; left: number; turned: boolean }) {
  const { language, zone } = useAppearance();
  return (
    <div className={turned ? "tip tip-turned" : "tip"} aria-hidden="true" style={{ left }}>
      <strong>{spanText(bar, language, zone)}</strong>
      {OUTCOMES.filter((outcome) => bar[outcome] > 0).map((outcome) => (
        <div key={outcome}>
          <Status state={outcome} /> <span>{bar[outcome].toLocaleString(language)}</span>
        </div>
      ))}
    </div>
  );
}
