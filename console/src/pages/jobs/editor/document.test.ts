import { expect, test } from "vitest";
import { Draft, definitionOf, tidied, toYaml } from "./document";

const NIGHTLY = `# who to ask: ops
name: Nightly backup
executor:
  type: shell
  script: |
    tar czf /backup/home.tgz /home # whole
    echo done
retries: 2 # enough
x-unknown: {a: [1, 2]}
secrets: [BACKUP_KEY]
env_mask: "***"
`;

test("what the form changes is changed, and nothing else: comments, order and keys that it does not know stay", () => {
  expect(new Draft(NIGHTLY).with(["name"], "Weekly backup")).toBe(
    NIGHTLY.replace("Nightly", "Weekly")
      .replace("{a: [1, 2]}", "{ a: [ 1, 2 ] }")
      .replace("[BACKUP_KEY]", "[ BACKUP_KEY ]"),
  );
});

test("a value that is taken out takes along what it leaves empty", () => {
  const draft = new Draft("name: a\nschedule:\n  cron: 0 2 * * *\n");
  expect(draft.with(["schedule", "cron"], undefined)).toBe("name: a\n");
  expect(draft.with(["schedule", "timezone"], undefined)).toBe(draft.text);
});

test("a value is put where nothing is, or where something else stood in the way", () => {
  expect(new Draft("").with(["schedule", "cron"], "0 2 * * *")).toBe("schedule:\n  cron: 0 2 * * *\n");
  expect(new Draft("schedule: daily\n").with(["schedule", "cron"], "0 2 * * *")).toBe("schedule:\n  cron: 0 2 * * *\n");
  expect(new Draft("name:\n").with(["name"], "a")).toBe("name: a\n");
});

test("text stays text, of several lines too", () => {
  const draft = new Draft(new Draft("executor: {type: shell, script: a}\n").with(["executor", "script"], "a\nyes: b"));
  expect(draft.get(["executor", "script"])).toBe("a\nyes: b");
  expect(new Draft(draft.with(["name"], "12")).get(["name"])).toBe("12");
  expect(new Draft(draft.with(["name"], "null")).get(["name"])).toBe("null");
});

test("a pointer leads to its line, or to the nearest around it", () => {
  const draft = new Draft(NIGHTLY);
  expect(draft.line("/executor/script")).toBe(5);
  expect(draft.line("/executor/shell")).toBe(3);
  expect(draft.line("/x-unknown/a/1")).toBe(9);
  expect(draft.line("/job_id")).toBe(1);
  expect(draft.line("")).toBe(1);
});

test("what is no YAML is named with its line", () => {
  expect(new Draft("name: a\nb: [1\n").broken[0]).toMatchObject({ line: 3 });
  expect(new Draft("name: a\nname: b\n").broken[0]?.line).toBe(2);
  expect(new Draft("- a\n").broken).toHaveLength(1);
  expect(new Draft("").broken).toEqual([]);
});

test("a job as it is answered becomes its document: no number is rounded, no text changed", () => {
  const inputs =
    '{"big": 12345678901234567890, "whole": 1.0, "text": "yes", "zip": "00123", "mask": "***", "list": [], "on": true}';
  const { text, version } = definitionOf(
    `{"job_id": "a", "version": 7, "source": "api", "created_at": "x", "updated_at": "x", "secrets": ["KEY"],
      "executor": {"type": "shell", "script": "echo 1\\necho 2\\n"}, "inputs": ${inputs}}`,
  );
  expect(version).toBe(7);
  expect(text).toBe(`job_id: a
secrets:
  - KEY
executor:
  type: shell
  script: |
    echo 1
    echo 2
inputs:
  big: 12345678901234567890
  whole: 1.0
  text: yes
  zip: "00123"
  mask: "***"
  list: []
  on: true
`);
  expect(new Draft(text).part(["inputs"])).toContain("big: 12345678901234567890");
});

test("what only looks like a number or a constant is quoted", () => {
  expect(toYaml('{"a": "null", "b": "1e3", "c": "true", "d": ""}')).toBe('a: "null"\nb: "1e3"\nc: "true"\nd: ""\n');
});

test("a part is written by itself, and put back as it was written", () => {
  const draft = new Draft("inputs:\n  a: 1 # one\n  b: {c: [2]}\nname: x\n");
  const part = draft.part(["inputs"]);
  expect(part).toBe("a: 1 # one\nb: { c: [ 2 ] }\n");
  expect(tidied(part)).toBe(part);
  expect(draft.withPart(["inputs"], "a: 2\n")).toBe("inputs:\n  a: 2\nname: x\n");
  expect(draft.withPart(["inputs"], " ")).toBe("name: x\n");
  expect([tidied("a:\n- 1"), tidied(""), tidied("[1"), tidied("just words")]).toEqual([
    "a:\n  - 1\n",
    "",
    undefined,
    undefined,
  ]);
});
