/** A text by which entries are looked for. It counts once it is said, by Enter or by leaving the box. */

import { Input } from "antd";

export function Filter({ label, value, onSay }: { label: string; value: string; onSay: (text: string) => void }) {
  const say = (text: string) => {
    if (text.trim() !== value) onSay(text.trim());
  };
  return (
    <Input
      type="search"
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
