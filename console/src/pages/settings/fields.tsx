/** What the forms of tokens and users have in common: names for their boxes, how much one may do, and where. */

import { useQuery } from "@tanstack/react-query";
import { Input } from "antd";
import { type ReactNode, useId } from "react";
import { api, body, type Scope } from "../../api/client";
import { SCOPES, useSession } from "../../api/session";
import { useWords } from "../../appearance";
import { SETTINGS } from "./words";

/** A box under its name, with what is to be known of it below. */
function Named({
  name,
  hint,
  children,
}: {
  name: string;
  hint?: string | undefined;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="named">
      <label htmlFor={id}>{name}</label>
      {children(id)}
      {hint && <span className="faint">{hint}</span>}
    </div>
  );
}

export interface Box<T> {
  name: string;
  value: T;
  onChange: (value: T) => void;
}

export function TextBox({ name, value, onChange, hint }: Box<string> & { hint?: string }) {
  return (
    <Named name={name} hint={hint}>
      {(id) => <Input id={id} autoComplete="off" value={value} onChange={(event) => onChange(event.target.value)} />}
    </Named>
  );
}

export function PasswordBox({ name, value, onChange, hint }: Box<string> & { hint: string }) {
  return (
    <Named name={name} hint={hint}>
      {(id) => (
        <Input.Password
          id={id}
          autoComplete="new-password"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Named>
  );
}

export function ChoiceBox<T extends string>(
  props: Box<T> & { choices: readonly (readonly [T, string])[]; hint?: string },
) {
  const { name, value, onChange, choices, hint } = props;
  return (
    <Named name={name} hint={hint}>
      {(id) => (
        <select id={id} value={value} onChange={(event) => onChange(event.target.value as T)}>
          {choices.map(([choice, word]) => (
            <option key={choice} value={choice}>
              {word}
            </option>
          ))}
        </select>
      )}
    </Named>
  );
}

/** Each scope includes those before it, so the highest says it all. */
export function ScopeBox({ value, onChange }: Omit<Box<Scope>, "name">) {
  const words = useWords(SETTINGS);
  const choices = SCOPES.map((scope) => [scope, scope] as const);
  return <ChoiceBox name={words.scope} value={value} onChange={onChange} choices={choices} hint={words[value]} />;
}

/** "" stands for every domain, which no domain is called. Who is bound to one has no choice. */
export function DomainBox({ value, onChange }: Omit<Box<string>, "name">) {
  const words = useWords(SETTINGS);
  const unbound = useUnbound();
  const query = useQuery({
    queryKey: ["domain", "list"],
    enabled: unbound,
    queryFn: () => body(api.GET("/domains", { params: { query: { limit: 200 } } })),
  });
  if (!unbound) return null;
  const names = (query.data?.items ?? []).map(({ name }) => [name, name] as const);
  return (
    <ChoiceBox name={words.domain} value={value} onChange={onChange} choices={[["", words.everyDomain], ...names]} />
  );
}

/** Whether who is logged in acts in every domain. */
export function useUnbound(): boolean {
  return useSession().data?.domain === null;
}

/** The one of a list of scopes that includes the others. */
export function highest(scopes: readonly Scope[]): Scope {
  return SCOPES.findLast((scope) => scopes.includes(scope)) ?? "read";
}
