/** The periods that are looked for, in the reader's language and time zone. */

import { useAppearance, useWords } from "../../appearance";
import { moment } from "../../ui/time";
import { PERIODS, type Period } from "./filters";
import { FILTERS } from "./words";

/** Those that are looked for; of the others any will do. */
export function usePeriods(filters: URLSearchParams): { period: Period; said: string }[] {
  const here = useWords(FILTERS);
  const { language, zone } = useAppearance();
  const tell = (name: string, phrase: (at: string) => string) => {
    const at = filters.get(name);
    if (at === null) return [];
    const date = new Date(at);
    return [phrase(Number.isNaN(date.getTime()) ? at : moment(date, language, zone))];
  };
  return PERIODS.map((period) => ({
    period,
    said: [...tell(`${period}_after`, here.from), ...tell(`${period}_before`, here.until)].join(" "),
  })).filter(({ said }) => said);
}
