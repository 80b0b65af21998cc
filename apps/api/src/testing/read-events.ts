import { setTimeout as delay } from "node:timers/promises";

export interface ReadEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A stream of server-sent events that a test reads. */
export interface EventReader {
  readonly status: number;
  /** The next event; undefined when the stream has ended. */
  next(): Promise<ReadEvent | undefined>;
  /** All events up to the end. */
  rest(): Promise<readonly ReadEvent[]>;
  /** Goes away, as a client whose connection breaks. */
  leave(): void;
}

/** Opens the events of a job. */
export async function readEvents(
  url: string,
  options: { readonly key: string; readonly lastEventId?: string },
): Promise<EventReader> {
  const gone = new AbortController();
  const response = await fetch(url, {
    headers: {
      authorization: `Bearer ${options.key}`,
      ...(options.lastEventId === undefined ? {} : { "Last-Event-ID": options.lastEventId }),
    },
    signal: gone.signal,
  });
  const chunks = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";

  async function next(): Promise<ReadEvent | undefined> {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const fields = Object.fromEntries(
          block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
        );
        if (fields["data"] === undefined) continue;
        const data = JSON.parse(fields["data"]) as ReadEvent["data"];
        return { id: fields["id"] ?? "", event: fields["event"] ?? "", data };
      }
      const chunk = await Promise.race([chunks?.read(), delay(30_000, "late" as const, { ref: false })]);
      if (chunk === "late") throw new Error("no event came");
      if (chunk === undefined || chunk.done) return undefined;
      text += chunk.value;
    }
  }

  return {
    status: response.status,
    next,
    async rest() {
      const events: ReadEvent[] = [];
      for (let event = await next(); event !== undefined; event = await next()) events.push(event);
      return events;
    },
    leave: () => gone.abort(),
  };
}
