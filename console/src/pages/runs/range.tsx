/** From when until when, by a calendar, which is heavy: it is loaded for those who ask for it. */

import { DatePicker } from "antd";
import english from "antd/es/date-picker/locale/en_US";
import indonesian from "antd/es/date-picker/locale/id_ID";
import { useAppearance } from "../../appearance";
import { format } from "../../ui/zone";
import type { Language } from "../../words";

/** What is chosen, as clocks show it: `2026-11-22T17:30`. */
export default function Range({ onChoose }: { onChoose: (from: string, to: string) => void }) {
  const { language } = useAppearance();
  return (
    <DatePicker.RangePicker
      autoFocus
      defaultOpen
      showTime={{ format: "HH:mm" }}
      format="YYYY-MM-DD HH:mm"
      locale={localeOf(language)}
      getPopupContainer={(trigger) => trigger.closest<HTMLElement>(".menu") ?? document.body}
      onChange={(_, [from, to]) => {
        if (from && to) onChoose(from.replace(" ", "T"), to.replace(" ", "T"));
      }}
    />
  );
}

/** The calendar's own words, with the browser's names of months and days. */
function localeOf(language: Language): typeof english {
  const { lang, ...rest } = language === "id" ? indonesian : english;
  const name = (options: Intl.DateTimeFormatOptions, month: number, day: number) =>
    format(language, { ...options, timeZone: "UTC" }).format(new Date(Date.UTC(2023, month, day)));
  const shortMonths = Array.from({ length: 12 }, (_, month) => name({ month: "short" }, month, 1));
  const shortWeekDays = Array.from({ length: 7 }, (_, day) => name({ weekday: "narrow" }, 0, 1 + day)); // from a Sunday
  return { ...rest, lang: { ...lang, shortMonths, shortWeekDays } };
}
