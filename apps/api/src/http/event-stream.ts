import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";

import type { JobEventJson } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";
import { isRead } from "./is-read.ts";

/** Comments keep proxies from closing a stream that has nothing to tell, and let the client notice a dead one. */
const heartbeatMs = 15_000;

const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" };

export interface EventStreamOptions {
  readonly slowMs?: number;
}

/**
 * Answers with server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) until there are no more. Written straight to Node's response,
 * which tells when a client doesn't read: what waits for it stays within one event and the response's own buffer, and after `slowMs` it is cut off.
 */
export async function sendEvents(
  c: ApiContext,
  events: AsyncIterable<JobEventJson>,
  { slowMs }: EventStreamOptions = {},
): Promise<Response> {
  const { outgoing } = c.env;
  if (c.req.method === "HEAD") return c.body(null, 200, headers);
  // What others have prepared for the answer, such as CORS.
  for (const [name, value] of c.res.headers) outgoing.setHeader(name, value);
  // A connection that a stream has ended on is not used again: a process that stops needn't wait for its client to leave it.
  outgoing.writeHead(200, { ...headers, Connection: "close" });
  outgoing.write("retry: 1000\n\n");
  const heartbeat = setInterval(() => {
    if (!outgoing.writableNeedDrain) outgoing.write(":\n\n");
  }, heartbeatMs);
  try {
    for await (const { id, event, data } of events) {
      if (outgoing.destroyed) break;
      const hasRoom = outgoing.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (!hasRoom && !(await isRead(outgoing, slowMs))) break;
    }
    outgoing.end();
  } catch {
    // The head is sent: all that can be said is that the stream is cut. The client resumes, and hears of what lasts.
    outgoing.destroy();
  } finally {
    clearInterval(heartbeat);
  }
  return RESPONSE_ALREADY_SENT;
}
