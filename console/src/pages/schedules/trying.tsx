/** An expression that is in no job yet: what it means, when it would fire, or what is wrong with it. */

import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { api, body, type Schemas } from "../../api/client";
import { useAppearance, useWords } from "../../appearance";
import { Dialog } from "../../ui/dialog";
import { Fires, When } from "../../ui/schedule";
import { Found } from "../../ui/states";
import { zones } from "../../ui/zone";
import type { Change } from "./index";
import { SCHEDULES, TRYING } from "./words";

export function TryDialog({ search, change }: { search: URLSearchParams; change: Change }) {
  const words = { ...useWords(SCHEDULES), ...useWords(TRYING) };
  const { zone: readers } = useAppearance();
  const [cron, setCron] = useState(search.get("try") ?? "");
  const [zone, setZone] = useState(search.get("zone") ?? readers);
  const [from, setFrom] = useState(search.get("from") ?? "");
  const close = () => change({ try: null, zone: null, from: null });
  return (
    <Dialog label={words.title} className="schedule-sheet" onClose={close}>
      <header className="page-head">
        <h2>{words.title}</h2>
        <button type="button" className="link actions" onClick={close}>
          {words.close}
        </button>
      </header>
      <form
        className="schedule-form"
        onSubmit={(event) => {
          event.preventDefault();
          change({ try: cron, zone, from });
        }}
      >
        <label>
          {words.cron}
          <input type="text" className="mono" required value={cron} onChange={(event) => setCron(event.target.value)} />
        </label>
        <label>
          {words.zone}
          <select value={zone} onChange={(event) => setZone(event.target.value)}>
            {[...new Set([zone, ...zones()])].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          {words.from}
          <input type="date" value={from} onChange={(event) => setFrom(event.target.value)} />
        </label>
        <Button htmlType="submit">{words.show}</Button>
      </form>
      <p className="faint">{words.help}</p>
      <Meaning cron={search.get("try") ?? ""} zone={search.get("zone") ?? readers} from={search.get("from")} />
    </Dialog>
  );
}

function Meaning({ cron, zone, from }: { cron: string; zone: string; from: string | null }) {
  const query = useQuery({
    queryKey: ["schedule", "try", cron, zone, from],
    queryFn: () => {
      const schedule = { cron, timezone: zone, ...(from ? { start_at: `${from}T00:00:00` } : {}) };
      const document = { job_id: "try", type: "try", schedule };
      // What has a default may be left out, which the generated type does not know.
      return body(api.POST("/jobs/validate", { body: document as Schemas["JobDocument"] }));
    },
  });
  return (
    <Found query={query} rows={6}>
      {({ when, fires, errors }) =>
        when === null ? (
          <div className="try-wrong" role="alert">
            {errors.map(({ pointer, message }) => (
              <p key={pointer + message}>
                <span aria-hidden="true">✕</span> {message}
              </p>
            ))}
          </div>
        ) : (
          <>
            <p className="schedule-said">
              <When words={when} />
            </p>
            <Fires fires={fires} timezone={zone} />
          </>
        )
      }
    </Found>
  );
}
