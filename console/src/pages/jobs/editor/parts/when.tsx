/** When the job runs by itself. */

import { useState } from "react";
import type { Schemas } from "../../../../api/client";
import { useAppearance, useWords } from "../../../../appearance";
import { zones } from "../../../../ui/zone";
import { MeantControl, SelectControl, TextControl } from "../../control";
import type { Draft } from "../document";
import { read, readCalendar, WHENS, type When, whenOf, withWhen, write, writeCalendar } from "../fields";
import { EDITOR } from "../words";
import { More, type Part, useField } from "./field";

export function WhenPart(part: Part) {
  const words = useWords(EDITOR);
  const { zone } = useAppearance();
  const field = useField(part);
  const { draft, onChange } = part;
  const said = whenOf(draft);
  // A cron expression that a calendar can say too stays one for whoever has chosen so.
  const [chosen, setChosen] = useState<When>();
  const when = chosen === "cron" && said === "calendar" ? "cron" : said;
  return (
    <fieldset>
      <legend>{words.whenTitle}</legend>
      <div className="columns">
        <SelectControl
          label={words.when}
          value={when}
          options={WHENS.map((each) => [each, words[each]] as const)}
          onChange={(next) => {
            setChosen(next);
            onChange(withWhen(draft, next, zone, new Date()));
          }}
        />
        {when === "cron" && <TextControl label={words.cronText} help={words.cronHelp} {...field.kept("cron")} />}
        {when === "interval" && <MeantControl label={words.every} {...field.needed("interval")} />}
        {when === "once" && <TextControl label={words.at} {...field.kept("at")} />}
        {when !== "manual" && when !== "now" && (when !== "interval" || isBound(draft)) && (
          <SelectControl
            label={words.zone}
            {...field.text("timezone")}
            value={String(read(draft, "timezone") ?? "UTC")}
            options={zonesWith(String(read(draft, "timezone") ?? "UTC")).map((each) => [each, each] as const)}
          />
        )}
      </div>
      {when === "calendar" && <CalendarControl {...part} />}
      {when !== "manual" && when !== "now" && when !== "once" && (
        <>
          <PolicyControls {...part} />
          <More name={words.bounds} fields={["start_at", "end_at"]} part={part}>
            <TextControl label={words.startAt} help={words.momentHelp} {...field.text("start_at")} />
            <TextControl label={words.endAt} help={words.momentHelp} {...field.text("end_at")} />
          </More>
        </>
      )}
    </fieldset>
  );
}

/** Whether moments are said that are read in the schedule's zone. */
function isBound(draft: Draft): boolean {
  return read(draft, "start_at") !== undefined || read(draft, "end_at") !== undefined;
}

function CalendarControl({ draft, onChange }: Part) {
  const words = useWords(EDITOR);
  const { language } = useAppearance();
  const calendar = readCalendar(String(read(draft, "cron"))) ?? { time: "09:00", days: [] };
  const change = (next: Partial<typeof calendar>) =>
    onChange(write(draft, "cron", writeCalendar({ ...calendar, ...next })));
  return (
    <div className="columns">
      <TextControl label={words.time} type="time" value={calendar.time} onChange={(time) => time && change({ time })} />
      <fieldset className="days">
        <legend>{words.days}</legend>
        {[1, 2, 3, 4, 5, 6, 0].map((day) => (
          <label key={day}>
            <input
              type="checkbox"
              checked={calendar.days.includes(day)}
              onChange={({ target }) =>
                change({
                  days: target.checked ? [...calendar.days, day] : calendar.days.filter((each) => each !== day),
                })
              }
            />
            {dayName(day, language)}
          </label>
        ))}
      </fieldset>
    </div>
  );
}

const OVERLAPS = [
  "skip",
  "allow",
  "queue_all",
  "queue_one",
  "replace",
  "cancel_running",
] as const satisfies readonly Schemas["Overlap"][];
const MISFIRES = ["one", "all", "skip"] as const satisfies readonly Schemas["Misfire"]["policy"][];

function PolicyControls(part: Part) {
  const words = useWords(EDITOR);
  const field = useField(part);
  return (
    <div className="columns">
      <SelectControl
        label={words.overlap}
        {...field.text("overlap")}
        value={String(read(part.draft, "overlap") ?? "skip")}
        options={OVERLAPS.map((each) => [each, words[`overlap_${each}`]] as const)}
      />
      <SelectControl
        label={words.misfire}
        {...field.text("misfire")}
        value={String(read(part.draft, "misfire") ?? "one")}
        options={MISFIRES.map((each) => [each, words[`misfire_${each}`]] as const)}
      />
    </div>
  );
}

function dayName(day: number, language: string): string {
  return new Date(Date.UTC(2026, 10, 1 + day)).toLocaleDateString(language, { weekday: "short", timeZone: "UTC" });
}

/** Every zone that the browser knows, with the one that the document names. */
function zonesWith(zone: string): string[] {
  return [...new Set([zone, ...zones()])];
}
