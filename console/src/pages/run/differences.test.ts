import { expect, test } from "vitest";
import { areaOf, causes, parted, valueText } from "./differences";

const of = (field: string) => ({ field, before: 1, after: 2 });

test("what was asked for may be a cause, what came of it is none", () => {
  const fields = ["job_version", "definition.executor.script", "inputs.n", "worker_id", "worker.version", "queue"];
  const all = [...fields, "status", "error.message", "took_sec"].map(of);
  expect(all.map(areaOf).slice(0, 6)).toEqual(["definition", "definition", "inputs", "worker", "worker", "order"]);
  expect(new Set(all.map(areaOf).slice(6))).toEqual(new Set(["outcome"]));
  expect(causes(all).map(({ field }) => field)).toEqual(fields.filter((field) => field !== "worker_id"));
});

test("two texts are told apart by what stands between their ends", () => {
  expect(parted("2026-10-01", "2026-11-01")).toEqual({ head: "2026-1", before: "0", after: "1", tail: "-01" });
  expect(parted("aa", "aaa")).toEqual({ head: "aa", before: "", after: "a", tail: "" });
  expect(parted("", "x")).toEqual({ head: "", before: "", after: "x", tail: "" });
});

test("values are written as people write them", () => {
  expect([valueText("a b"), valueText([1]), valueText(null), valueText(false)]).toEqual(["a b", "[1]", null, "false"]);
});
