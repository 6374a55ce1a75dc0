/** The editor of a job. A form and YAML change one document, and the server checks it while one writes. */

import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { useMay } from "../../../api/session";
import { useWords } from "../../../appearance";
import { Heading } from "../../../ui/heading";
import { leaveFreely, useAskBeforeLeaving } from "../../../ui/leaving";
import { Found, Nothing, Wrong } from "../../../ui/states";
import { CheckPanel } from "./check";
import { faultsOf, useChecked } from "./checking";
import { Conflict } from "./conflict";
import { Draft } from "./document";
import { read } from "./fields";
import { LimitsPart } from "./parts/limits";
import { NamePart } from "./parts/name";
import { RetriesPart } from "./parts/retries";
import { WhatPart } from "./parts/what";
import { WhenPart } from "./parts/when";
import { WorkersPart } from "./parts/workers";
import { readVersion, useSaving, type Version } from "./saving";
import { goToLine, TextEditor } from "./text";
import { EDITOR } from "./words";
import "./editor.css";

const FIRST = "executor:\n  type: shell\n  script: echo hello\n";

export default function EditorPage({ id }: { id?: string }) {
  const [search] = useSearchParams();
  if (!useMay("write")) return <NotForThem id={id} />;
  if (id !== undefined) return <EditStanding id={id} />;
  const sentence = search.get("sentence") ?? "";
  const text = sentence ? new Draft(FIRST).with(["description"], sentence) : FIRST;
  return <Editor start={{ text, version: 0 }} stands={0} />;
}

function NotForThem({ id }: { id: string | undefined }) {
  const words = { ...useWords(), ...useWords(EDITOR) };
  return (
    <>
      <header className="page-head">
        <Heading>{id === undefined ? words.newJob : words.edit(id)}</Heading>
      </header>
      <Nothing title={words.needsScope("write")} />
    </>
  );
}

function EditStanding({ id }: { id: string }) {
  const query = useQuery({ queryKey: ["job", id, "document"], queryFn: () => readVersion(id) });
  return <Found query={query}>{(standing) => <Editor id={id} start={standing} stands={standing.version} />}</Found>;
}

/** `start` is what the editor begins with; `stands` is the newest version that is known of. */
function Editor({ id, start, stands }: { id?: string; start: Version; stands: number }) {
  const words = useWords(EDITOR);
  const [, go] = useLocation();
  const [search, setSearch] = useSearchParams();
  const [base, setBase] = useState(start);
  const [text, setText] = useState(start.text);
  const draft = useMemo(() => new Draft(text), [text]);
  const checked = useChecked(draft);
  const changed = text !== base.text;
  useAskBeforeLeaving(changed ? words.unsaved : null);
  const saving = useSaving(id, (job) => {
    leaveFreely();
    go(`/jobs/${job.job_id}`);
  });
  const refused = saving.error ? faultsOf(saving.error, draft) : undefined;
  const conflict = saving.data && "stands" in saving.data ? saving.data.stands : undefined;
  const asText = search.get("view") === "yaml" || draft.broken.length > 0;
  const show = (view: "form" | "yaml") => setSearch(view === "yaml" ? { view } : {}, { replace: true });
  const save = (version: number) => saving.mutate({ text, base: version });
  const edit = (next: string) => {
    setText(next);
    saving.reset();
  };
  // What nobody has touched yet is no fault of theirs.
  const faults = changed ? checked.faults : [];
  const part = { draft, faults, onChange: edit };
  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        save(base.version);
      }}
    >
      <header className="page-head">
        <Heading>{id === undefined ? words.newJob : words.edit(String(read(draft, "name") ?? id))}</Heading>
        <Views asText={asText} onShow={show} />
        <div className="actions buttons">
          <Button onClick={() => go(id === undefined ? "/jobs" : `/jobs/${id}`)}>{words.cancel}</Button>
          <Button type="primary" htmlType="submit" loading={saving.isPending} disabled={id !== undefined && !changed}>
            {id === undefined ? words.saveNew : words.save}
          </Button>
        </div>
      </header>
      {stands > base.version && <p className="stale">{words.changedMeanwhile}</p>}
      {saving.error && !refused && <Wrong error={saving.error} />}
      <div className="editor-body">
        <div>
          {asText ? (
            <>
              <p className="faint">{draft.broken.length > 0 ? words.broken : words.commentsGo}</p>
              <TextEditor text={text} faults={checked.faults} onChange={edit} />
            </>
          ) : (
            <>
              <NamePart {...part} fresh={id === undefined} />
              <WhatPart {...part} />
              <WhenPart {...part} />
              <RetriesPart {...part} />
              <LimitsPart {...part} />
              <WorkersPart {...part} />
            </>
          )}
        </div>
        <CheckPanel
          checked={refused ? { ...checked, faults: refused } : checked}
          touched={changed || refused !== undefined}
          onLine={(line) => {
            show("yaml");
            window.setTimeout(() => goToLine(line)); // once the text is there
          }}
        />
      </div>
      {conflict && (
        <Conflict
          mine={text}
          stands={conflict}
          onMine={() => save(conflict.version)}
          onTheirs={() => {
            setBase(conflict);
            edit(conflict.text);
          }}
          onClose={() => saving.reset()}
        />
      )}
    </form>
  );
}

function Views({ asText, onShow }: { asText: boolean; onShow: (view: "form" | "yaml") => void }) {
  const words = useWords(EDITOR);
  return (
    <fieldset className="editor-views">
      <legend className="hidden">{words.view}</legend>
      {(["form", "yaml"] as const).map((view) => (
        <button key={view} type="button" aria-pressed={asText === (view === "yaml")} onClick={() => onShow(view)}>
          {words[view]}
        </button>
      ))}
    </fieldset>
  );
}
