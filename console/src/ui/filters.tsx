/** What a list is narrowed by. */

import { Button, Input } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../appearance";
import "./filters.css";

export function Filters({ onClear, children }: { onClear?: (() => void) | undefined; children: ReactNode }) {
  const words = useWords();
  return (
    <div className="filter-bar">
      {children}
      {onClear && <Button onClick={onClear}>{words.clear}</Button>}
    </div>
  );
}

/** A text that is looked for: it counts once it is said, by Enter or by leaving the field. */
export function Sought({ label, value, onSay }: { label: string; value: string; onSay: (text: string) => void }) {
  const say = (text: string) => {
    if (text.trim() !== value) onSay(text.trim());
  };
  return (
    <Input
      className="sought"
      allowClear
      aria-label={label}
      placeholder={label}
      defaultValue={value}
      key={value}
      onPressEnter={(event) => say(event.currentTarget.value)}
      onBlur={(event) => say(event.target.value)}
      onClear={() => say("")}
    />
  );
}
