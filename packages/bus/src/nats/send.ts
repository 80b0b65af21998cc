import { MillraceError } from "@millrace/contract";
import type { NewEvent } from "@millrace/storage";

import type { Attachments, StreamSegment } from "./attachments.ts";
import type { NatsConnector } from "./connection.ts";
import { isStreamGone, isTooLarge, toMillraceError } from "./error.ts";
import { headersOf } from "./message.ts";
import type { NatsBusSettings } from "./options.ts";
import type { Streams } from "./streams.ts";

/** An event on its way into a stream. */
export interface Outgoing {
  readonly event: NewEvent;
  readonly keyHash: string;
}

/** Where the stream has put an event; `duplicate` where it had it already. */
export interface Sent {
  readonly offset: number;
  readonly isDuplicate: boolean;
}

export interface SendOptions {
  readonly tenantNo: number;
  readonly segment: StreamSegment;
  readonly batchId: string | undefined;
  /** What sets this sending apart from another of the same events that must not count. */
  readonly salt: string;
}

/**
 * Sends events into a stream, in order and so many at once, and waits for every acknowledgement.
 * Undefined when the stream is not there any more: nothing that was sent counts, and all of it goes into the next one.
 * @throws UNAVAILABLE, RATE_LIMITED, PAYLOAD_TOO_LARGE; some may have been stored
 */
export async function send(
  { inFlightMax }: NatsBusSettings,
  connector: NatsConnector,
  streams: Streams,
  attachments: Attachments,
  outgoing: readonly Outgoing[],
  { tenantNo, segment, batchId, salt }: SendOptions,
): Promise<readonly Sent[] | undefined> {
  const { js } = await connector.link();
  const seen = attachments.seen(segment);
  const sent: Sent[] = Array.from({ length: outgoing.length });
  let next = 0;
  let failure: { readonly error: unknown } | undefined;

  async function sendOne({ event, keyHash }: Outgoing): Promise<Sent> {
    const { stream, seq, duplicate } = await js.publish(streams.subject(tenantNo, event.tableId), event.payload, {
      headers: headersOf(event, batchId),
      msgID: messageId(event, keyHash, `${segment.segment}${salt}`),
      expect: { streamName: segment.stream },
    });
    if (stream !== segment.stream) throw new MillraceError("INTERNAL", "A stream answered that was not asked.");
    // A number that was given out before: somebody has made the stream anew under its name.
    if (!duplicate && seq <= seen) throw new OtherStream();
    attachments.saw(segment, seq);
    return { offset: segment.base + seq, isDuplicate: duplicate };
  }

  // Each begins with the lowest event left, so they go out, and get their numbers, in their order.
  async function sendOn(): Promise<void> {
    while (failure === undefined && next < outgoing.length) {
      const place = next++;
      const one = outgoing[place];
      if (one === undefined) return;
      try {
        sent[place] = await sendOne(one);
      } catch (error) {
        failure ??= { error };
      }
    }
  }

  await Promise.all(Array.from({ length: Math.min(inFlightMax, outgoing.length) }, sendOn));
  if (failure === undefined) return sent;
  const { error } = failure;
  if (error instanceof OtherStream) return undefined;
  if (isTooLarge(error)) {
    throw new MillraceError("PAYLOAD_TOO_LARGE", "An event is larger than NATS takes.", { cause: error });
  }
  if (isStreamGone(error)) {
    const present = await streams.present(tenantNo);
    if (present.name !== segment.stream || present.createdAt !== segment.streamCreatedAt) return undefined;
  }
  throw toMillraceError(error, true);
}

/** The stream is not the one that it is taken for. */
class OtherStream extends Error {}

/**
 * What the server drops a message by that it had within its window. The same key with another record is another message: which of the two counts is for
 * PostgreSQL to say. So is a message of another segment, which the number of this one tells apart.
 */
function messageId({ tableId, payloadHash }: NewEvent, keyHash: string, suffix: string): string {
  return `${tableId}.${keyHash}.${payloadHash}.${suffix}`;
}
