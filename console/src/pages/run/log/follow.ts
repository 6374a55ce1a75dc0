/** A stream of server-sent events read in large pieces: a browser's own reader takes ten seconds for 100,000 of them. */

export interface Told {
  id: string;
  event: string;
  data: string;
}

const AGAIN_MS = 1_000;

/** Hands on each event until `hear` says that it was the last, or the answer is called. What breaks is taken up again. */
export function follow(url: string, hear: (told: Told) => boolean): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const go = async () => {
    let last = "";
    while (!signal.aborted) {
      try {
        const headers: Record<string, string> = last ? { "Last-Event-ID": last } : {};
        const response = await fetch(url, { headers: { ...headers, Accept: "text/event-stream" }, signal });
        // What is refused stays so until somebody logs in or comes anew.
        if (response.status >= 400 && response.status < 500 && response.status !== 429) return;
        for await (const told of eventsIn(response.body)) {
          if (told.id) last = told.id;
          if (told.event && !hear(told)) return ending.abort();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof TypeError)) throw error; // all that a network does is one
      }
      await new Promise((wake) => window.setTimeout(wake, AGAIN_MS));
    }
  };
  void go();
  return () => ending.abort();
}

async function* eventsIn(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): AsyncGenerator<Told> {
  if (body === null) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const { events, rest } = frames(left + value);
    left = rest;
    yield* events;
  }
}

/** The whole events of a text, and what it ends with of the next one. */
export function frames(text: string): { events: Told[]; rest: string } {
  const parts = text.split("\n\n");
  const rest = parts.pop() ?? "";
  return { events: parts.map(frame), rest };
}

function frame(text: string): Told {
  const told: Told = { id: "", event: "", data: "" };
  for (const line of text.split("\n")) {
    const at = line.indexOf(": ");
    const name = line.slice(0, at);
    if (name === "id" || name === "event" || name === "data") told[name] = line.slice(at + 2);
  }
  return told;
}
