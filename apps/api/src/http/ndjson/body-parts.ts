import type { IncomingMessage, ServerResponse } from "node:http";
import { createGunzip } from "node:zlib";

import { MillraceError } from "@millrace/contract";

import { askForBody, gzipUnsaid, incomplete, isGzip, isGzipped } from "../read-body.ts";
import type { BodyClock } from "./body-clock.ts";

const gunzipChunkBytes = 64 * 1_024;

/**
 * The parts of a body of any size, inflated; the next one is asked of the client once the last one is done with. The time that we take is not counted as the client's.
 * @yields each part as it comes
 * @throws UNSUPPORTED_MEDIA_TYPE, MALFORMED_JSON for what is no gzip, REQUEST_TIMEOUT when the client gives up
 */
export async function* bodyParts(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  clock: BodyClock,
): AsyncGenerator<Buffer, void> {
  const gzip = isGzip(incoming, outgoing);
  askForBody(incoming, outgoing);
  const source = gzip ? inflated(incoming) : incoming;
  // The connection has to outlive the body, for the answer.
  let isFirst = true;
  const parts = source.iterator({ destroyOnReturn: gzip }) as AsyncIterableIterator<Buffer>;
  try {
    for (;;) {
      clock.wait();
      const part = await parts.next();
      clock.hold();
      if (part.done === true) break;
      if (isFirst && !gzip && isGzipped(part.value)) throw new MillraceError("MALFORMED_JSON", gzipUnsaid);
      isFirst = false;
      yield part.value;
    }
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) throw incomplete();
    if (gzip) throw new MillraceError("MALFORMED_JSON", "The body is not valid gzip.", { cause: error });
    throw error;
  } finally {
    clock.progress();
    clock.wait();
    await parts.return?.();
  }
}

function inflated(incoming: IncomingMessage) {
  const gunzip = createGunzip({ chunkSize: gunzipChunkBytes });
  incoming.on("error", (error) => gunzip.destroy(error));
  incoming.once("close", () => {
    if (!incoming.readableEnded) gunzip.destroy(incomplete());
  });
  gunzip.once("close", () => incoming.unpipe(gunzip));
  return incoming.pipe(gunzip);
}
