/** A user is made, or given another password or another scope. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas, type Scope } from "../../../api/client";
import { useWords } from "../../../appearance";
import { Ask } from "../../../ui/ask";
import { DomainBox, highest, PasswordBox, ScopeBox, TextBox, useUnbound } from "../fields";
import { USERS } from "./words";

const LOGIN = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/;
const MIN_PASSWORD = 12;

export function NewUser({ onClose }: { onClose: () => void }) {
  const words = { ...useWords(), ...useWords(USERS) };
  const unbound = useUnbound();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [scope, setScope] = useState<Scope>("read");
  const [domain, setDomain] = useState("");
  const wanted = { name, password, scopes: [scope], ...(unbound ? { domain: domain || null } : {}) };
  const making = useSending(() => body(api.POST("/users", { body: wanted })), onClose);
  return (
    <Ask
      title={words.create}
      word={words.createIt}
      disabled={!LOGIN.test(name) || password.length < MIN_PASSWORD}
      busy={making.isPending}
      error={making.error}
      onDo={making.mutate}
      onClose={onClose}
    >
      <TextBox name={words.name} value={name} onChange={setName} hint={words.nameHint} />
      <PasswordBox name={words.password} value={password} onChange={setPassword} hint={words.passwordHint} />
      <ScopeBox value={scope} onChange={setScope} />
      <DomainBox value={domain} onChange={setDomain} />
    </Ask>
  );
}

export function ChangedUser({ user, onClose }: { user: Schemas["User"]; onClose: () => void }) {
  const words = useWords(USERS);
  const standing = highest(user.scopes);
  const [password, setPassword] = useState("");
  const [scope, setScope] = useState<Scope>(standing);
  const path = { user_id: user.user_id };
  const wanted = { password: password || null, scopes: scope === standing ? null : [scope] };
  const changing = useSending(() => body(api.PATCH("/users/{user_id}", { params: { path }, body: wanted })), onClose);
  const nothing = password === "" && scope === standing;
  return (
    <Ask
      title={words.changeTitle(user.name)}
      word={words.save}
      disabled={nothing || (password !== "" && password.length < MIN_PASSWORD)}
      busy={changing.isPending}
      error={changing.error}
      onDo={changing.mutate}
      onClose={onClose}
    >
      <p>{words.changeEffect}</p>
      <ScopeBox value={scope} onChange={setScope} />
      <PasswordBox name={words.newPassword} value={password} onChange={setPassword} hint={words.samePassword} />
    </Ask>
  );
}

function useSending(send: () => Promise<unknown>, onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["user"] });
      onDone();
    },
    gcTime: 0, // a password is not to stay in memory
  });
}
