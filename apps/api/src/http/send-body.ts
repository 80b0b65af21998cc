import type { Readable } from "node:stream";

import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";

import type { ApiContext } from "./api-env.ts";
import { isRead } from "./is-read.ts";

/** Answers 200 with the context's headers and a body of any size, written as fast as the client reads it; one that doesn't read is cut off. */
export async function sendBody(c: ApiContext, body: Readable): Promise<Response> {
  const { outgoing } = c.env;
  if (c.req.method === "HEAD") {
    body.destroy();
    return c.body(null, 200);
  }
  for (const [name, value] of c.res.headers) outgoing.setHeader(name, value);
  outgoing.writeHead(200);
  try {
    for await (const part of body) {
      if (outgoing.destroyed) break;
      if (!outgoing.write(part) && !(await isRead(outgoing))) break;
    }
    outgoing.end();
  } catch {
    // The head is sent: all that can be said is that the body is cut.
    outgoing.destroy();
  } finally {
    body.destroy();
  }
  return RESPONSE_ALREADY_SENT;
}
