import { expect, test } from "vitest";
import { frames } from "./follow";

test("events come whole, however the stream is cut", () => {
  const stream =
    'retry: 1000\nid: 0\n\nid: 7\nevent: log\ndata: {"message":"a: b"}\n\n: keep-alive\nid: 9\n\nid: 10\nevent: end\ndata: {}\n\n';
  for (let cut = 0; cut <= stream.length; cut++) {
    const first = frames(stream.slice(0, cut));
    const second = frames(first.rest + stream.slice(cut));
    expect(second.rest).toBe("");
    expect([...first.events, ...second.events].map(({ id, event, data }) => [id, event, data])).toEqual([
      ["0", "", ""],
      ["7", "log", '{"message":"a: b"}'],
      ["9", "", ""],
      ["10", "end", "{}"],
    ]);
  }
});
