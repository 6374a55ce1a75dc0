/** A job's document: one text, which the form and the YAML editor both change. What the form does not know stays as it is. */

import { Document, isCollection, isMap, isScalar, LineCounter, parseDocument, Scalar, visit } from "yaml";

export interface Fault {
  pointer: string;
  message: string;
  line: number;
}

export type Path = readonly string[];

/** What a job is answered with beside its document. */
const READ_ONLY = ["version", "source", "created_at", "updated_at", "next_run_at"];

/** Long lines are not folded: a script's line stays one. */
const WRITTEN = { lineWidth: 0 };

export class Draft {
  private readonly document: Document;
  private readonly lines = new LineCounter();

  constructor(readonly text: string) {
    // Whole numbers of any length stay what they are.
    this.document = parseDocument(text, { lineCounter: this.lines, intAsBigInt: true });
  }

  /** What keeps the text from being YAML at all. The server has the last word on everything else. */
  get broken(): Fault[] {
    const errors = this.document.errors.map(({ message, pos }) => ({
      pointer: "",
      message: message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "",
      line: this.lines.linePos(pos[0]).line,
    }));
    if (errors.length || this.document.contents === null || isMap(this.document.contents)) return errors;
    return [{ pointer: "", message: "a job is a list of keys and values, such as “name: report”", line: 1 }];
  }

  /** The value at a path, as plain JSON; undefined where there is none, or it is null. */
  get(path: Path): unknown {
    const node = this.document.getIn(path, true);
    const value = isCollection(node) ? node.toJS(this.document) : isScalar(node) ? node.value : node;
    return value ?? undefined;
  }

  /** The first of several paths at which something stands: some things can be said in more than one way. */
  said(paths: readonly Path[]): Path | undefined {
    return paths.find((path) => this.get(path) !== undefined);
  }

  /** The text with another value at a path; without it for undefined, and then without what it leaves empty. */
  with(path: Path, value: unknown): string {
    const { document } = new Draft(this.text);
    if (value === undefined) remove(document, path);
    else {
      clearWay(document, path);
      const standing = document.getIn(path, true);
      if (isScalar(standing) && typeof standing.value === typeof value) {
        standing.value = value;
        standing.type = typeof value === "string" && value.includes("\n") ? Scalar.BLOCK_LITERAL : Scalar.PLAIN;
      } else document.setIn(path, document.createNode(value));
    }
    const { contents } = document;
    return isMap(contents) && contents.items.length === 0 ? "" : document.toString(WRITTEN);
  }

  /** A part of the text, as YAML by itself. */
  part(path: Path): string {
    const node = this.document.getIn(path, true);
    if (!isCollection(node) || node.items.length === 0) return "";
    const part = new Document(undefined);
    part.contents = node.clone() as typeof node;
    return part.toString(WRITTEN);
  }

  /** The text with a part in place of the one at a path; without it where the part is empty. */
  withPart(path: Path, part: string): string {
    const { contents } = new Draft(part).document;
    if (!isCollection(contents)) return this.with(path, undefined);
    const { document } = new Draft(this.text);
    clearWay(document, path);
    document.setIn(path, contents);
    return document.toString(WRITTEN);
  }

  /** The line, from 1, of what a JSON pointer names, or of the nearest thing around it that is there. */
  line(pointer: string): number {
    const path = pointer
      .split("/")
      .slice(1)
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    for (let length = path.length; length > 0; length--) {
      const at = this.start(path.slice(0, length));
      if (at !== undefined) return this.lines.linePos(at).line;
    }
    return 1;
  }

  private start(path: string[]): number | undefined {
    const within = path.length > 1 ? this.document.getIn(path.slice(0, -1), true) : this.document.contents;
    const pair = isMap(within)
      ? within.items.find((each) => isScalar(each.key) && String(each.key.value) === path.at(-1))
      : undefined;
    if (pair && isScalar(pair.key)) return pair.key.range?.[0];
    const node = this.document.getIn(path, true);
    return isCollection(node) || isScalar(node) ? node.range?.[0] : undefined;
  }
}

/** Keys and values as they are written here; undefined where a text is none. */
export function tidied(text: string): string | undefined {
  return new Draft(text).broken.length ? undefined : new Draft(new Draft("").withPart(["of"], text)).part(["of"]);
}

/** The YAML of a JSON text. It is read as YAML, so that no number is rounded on the way. */
export function toYaml(json: string): string {
  return blocks(parseDocument(json, { intAsBigInt: true })).toString(WRITTEN);
}

/** A job as the API answers it, as the document that can be sent back. */
export function definitionOf(json: string): { text: string; version: number } {
  const document = parseDocument(json, { intAsBigInt: true });
  const version = Number(document.get("version"));
  for (const key of READ_ONLY) document.delete(key);
  return { text: blocks(document).toString(WRITTEN), version };
}

/** As people write it: a line for each thing, and texts of several lines as they are. */
function blocks(document: Document): Document {
  visit(document, {
    Collection(_, node) {
      node.flow = node.items.length === 0;
    },
    Scalar(key, node) {
      if (typeof node.value === "string" && key !== "key")
        node.type = node.value.includes("\n") ? Scalar.BLOCK_LITERAL : Scalar.PLAIN;
      else if (key === "key") node.type = Scalar.PLAIN;
    },
  });
  return document;
}

/** Takes out a value, and the maps that are empty without it. */
function remove(document: Document, path: Path): void {
  if (!document.hasIn(path)) return;
  document.deleteIn(path);
  const above = path.slice(0, -1);
  const left = above.length ? document.getIn(above, true) : undefined;
  if (isCollection(left) && left.items.length === 0) remove(document, above);
}

/** Takes out what is no map where one is needed on the way to a path. */
function clearWay(document: Document, path: Path): void {
  for (let length = 0; length < path.length; length++) {
    const above = path.slice(0, length);
    const node = length ? document.getIn(above, true) : document.contents;
    if (isMap(node)) continue;
    if (length) document.deleteIn(above);
    else document.contents = null;
    return;
  }
}
