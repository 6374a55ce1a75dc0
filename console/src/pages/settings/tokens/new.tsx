/** A token is made, and its secret told: this once, to whoever made it. It lives in this box and goes with it. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useRef, useState } from "react";
import { api, body, type Schemas, type Scope } from "../../../api/client";
import { useWords } from "../../../appearance";
import { Ask } from "../../../ui/ask";
import { Dialog } from "../../../ui/dialog";
import { ChoiceBox, DomainBox, ScopeBox, TextBox, useUnbound } from "../fields";
import { TOKENS } from "./words";

const LENGTHS = ["7", "30", "90", "365"];
const NEVER = "";

export function NewToken({ onClose }: { onClose: () => void }) {
  const words = { ...useWords(), ...useWords(TOKENS) };
  const queries = useQueryClient();
  const unbound = useUnbound();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("read");
  const [domain, setDomain] = useState("");
  const [days, setDays] = useState("90");
  const wanted: Schemas["NewToken"] = {
    name: name.trim(),
    scopes: [scope],
    expires_in_days: days === NEVER ? null : Number(days),
    ...(unbound ? { domain: domain || null } : {}),
  };
  const making = useMutation({
    mutationFn: () => body(api.POST("/tokens", { body: wanted })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["token"] }),
    gcTime: 0, // the secret is not to stay in memory
  });
  if (making.data) return <Made made={making.data} onClose={onClose} />;
  return (
    <Ask
      title={words.create}
      word={words.createIt}
      disabled={!wanted.name}
      busy={making.isPending}
      error={making.error}
      onDo={making.mutate}
      onClose={onClose}
    >
      <TextBox name={words.name} value={name} onChange={setName} hint={words.nameHint} />
      <ScopeBox value={scope} onChange={setScope} />
      <DomainBox value={domain} onChange={setDomain} />
      <ChoiceBox
        name={words.expires}
        value={days}
        onChange={setDays}
        choices={[...LENGTHS.map((each) => [each, words.days(each)] as const), [NEVER, words.never]]}
      />
    </Ask>
  );
}

function Made({ made, onClose }: { made: Schemas["NewTokenAnswer"]; onClose: () => void }) {
  const words = useWords(TOKENS);
  const [copied, setCopied] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const copy = async () => {
    box.current?.select(); // where the browser keeps its clipboard from us, one key more copies it
    await navigator.clipboard?.writeText(made.secret);
    setCopied(navigator.clipboard !== undefined);
  };
  return (
    <Dialog label={words.made(made.token.name)} className="ask" onClose={() => copied && onClose()}>
      <div className="secret">
        <h2>{words.made(made.token.name)}</h2>
        <p>{words.once}</p>
        <div className="secret-line">
          <input ref={box} className="mono" readOnly aria-label={words.secret} value={made.secret} />
          <Button onClick={copy}>{copied ? words.copied : words.copy}</Button>
        </div>
        <footer>
          <Button type="primary" onClick={onClose}>
            {words.kept}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
