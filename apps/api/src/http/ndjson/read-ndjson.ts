import { MillraceError, ingestLimits } from "@millrace/contract";
import type { IngestLimits, SentChunk } from "@millrace/core";

import type { ApiContext } from "../api-env.ts";
import { exchangeOf } from "../exchange.ts";
import { createBodyClock } from "./body-clock.ts";
import { bodyParts } from "./body-parts.ts";
import { type ChunkOptions, chunkRecords } from "./chunk-records.ts";
import { keepHeapTight } from "./tight-heap.ts";

const ndjsonType = /^application\/x-ndjson *(?:; *charset *= *"?utf-8"? *)?;? *$/i;

/** True for a request whose body is said to be NDJSON. */
export function isNdjson(c: ApiContext): boolean {
  return ndjsonType.test(c.env.incoming.headers["content-type"] ?? "");
}

/** The records of an NDJSON body, chunk by chunk; what they hold in memory is counted in the share. @throws VALIDATION_FAILED for a prefix that is none */
export function readNdjson(
  c: ApiContext,
  limits: IngestLimits,
  room: Pick<ChunkOptions, "share" | "turn" | "makesRoom">,
): AsyncIterable<SentChunk> {
  const { incoming, outgoing } = c.env;
  keepHeapTight();
  const keyPrefix = keyPrefixOf(c);
  const clock = createBodyClock(exchangeOf(incoming));
  const onLines = () => clock.progress();
  return chunkRecords(bodyParts(incoming, outgoing, clock), { ...limits, ...room, keyPrefix, onLines });
}

/** Headers are bytes, and text only where they are ASCII. */
function keyPrefixOf(c: ApiContext): string | undefined {
  const prefix = c.req.header("x-idempotency-prefix");
  if (prefix === undefined) return undefined;
  if (/^[\x20-\x7e]+$/.test(prefix) && prefix.length <= ingestLimits.keyPrefixCharactersMax) return prefix;
  throw new MillraceError("VALIDATION_FAILED", "The X-Idempotency-Prefix header does not have the expected shape.", {
    errors: [
      {
        path: "X-Idempotency-Prefix",
        code: "invalid_format",
        message: `1 to ${ingestLimits.keyPrefixCharactersMax} characters of visible ASCII.`,
      },
    ],
  });
}
