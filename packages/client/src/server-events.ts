import { MillraceApiError } from "./error.ts";

export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** The API sends a comment every 15 seconds: a connection that is silent for so long is dead. */
const silenceMsMax = 45_000;

/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), as the API writes them: one line of JSON each.
 * @yields each event that arrived whole
 * @throws MillraceApiError when the connection breaks or falls silent
 */
export async function* readServerEvents(response: Response): AsyncGenerator<ServerEvent, void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== undefined) yield event;
    }
    const chunk = await within(silenceMsMax, reader?.read());
    if (chunk === undefined || chunk.done) return;
    text += chunk.value;
  }
}

/** Undefined for a block without data, such as a comment. */
function parse(block: string): ServerEvent | undefined {
  const fields = new Map(
    block.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
    }),
  );
  const data = fields.get("data");
  if (data === undefined) return undefined;
  return { id: fields.get("id") ?? "", event: fields.get("event") ?? "message", data: JSON.parse(data) };
}

async function within<Value>(ms: number, value: Promise<Value> | undefined): Promise<Value | undefined> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`nothing came for ${ms} ms`)), ms);
  try {
    return await Promise.race([value, late.promise]);
  } catch (error) {
    throw new MillraceApiError("The connection of a stream was lost.", {
      code: "NO_ANSWER",
      status: 0,
      retryable: true,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
