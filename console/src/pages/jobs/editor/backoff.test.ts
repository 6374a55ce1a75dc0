import { expect, test } from "vitest";
import { BACKOFFS, backoffOf, withBackoff } from "./backoff";
import { Draft } from "./document";

test.each([
  ["retries: 2\n", "list"],
  ["retry_policy: {backoff_sec: [1]}\n", "list"],
  ["retry_policy: {delay_sec: 3}\n", "fixed"],
  ["retry_delay_seconds: 3\n", "fixed"],
  ["retry_policy: {backoff: {base: 2}}\n", "exponential"],
  ["retry_policy: {strategy: exponential}\n", "exponential"],
  ["retry_policy: {strategy: custom, delay_sec: 3}\n", "fixed"],
])("%j waits by the kind %s", (text, kind) => {
  expect(backoffOf(new Draft(text))).toBe(kind);
});

test("each kind of delay leads to each other one, and is said in one way alone", () => {
  const first = "retry_delay_seconds: 3\nretry_policy:\n  max_retry: 4\n  strategy: fixed\n";
  for (const one of BACKOFFS)
    for (const other of BACKOFFS) {
      const draft = new Draft(withBackoff(new Draft(withBackoff(new Draft(first), one)), other));
      expect(backoffOf(draft)).toBe(other);
      expect(Object.keys(draft.get(["retry_policy"]) as object)).toHaveLength(2); // with max_retry
      expect(draft.get(["retry_delay_seconds"])).toBeUndefined();
    }
  expect(withBackoff(new Draft("retry_policy: {strategy: custom}\n"), "fixed")).toContain("strategy: custom");
});
