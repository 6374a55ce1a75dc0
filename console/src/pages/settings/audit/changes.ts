/** What differs between two JSON values, leaf by leaf. */

import { jsonText } from "../../../api/json";

export interface Change {
  /** Where in the value, such as `schedule.cron`; "" is the whole. */
  path: string;
  before: unknown;
  after: unknown;
}

export function changes(before: unknown, after: unknown, path = ""): Change[] {
  if (isTree(before) || isTree(after)) {
    const of = (value: unknown): Record<string, unknown> => (isTree(value) ? { ...value } : {});
    const [was, is] = [of(before), of(after)];
    const names = Object.keys({ ...was, ...is });
    if (names.length > 0)
      return names.flatMap((name) => changes(was[name], is[name], path === "" ? name : `${path}.${name}`));
  }
  return jsonText(before) === jsonText(after) ? [] : [{ path, before, after }];
}

/** What is looked into: objects and lists. */
function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
