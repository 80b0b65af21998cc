import { PubHeaders } from "@nats-io/jetstream";

import { MillraceError } from "@millrace/contract";
import type { NewEvent } from "@millrace/storage";

import type { Attachments, StreamSegment } from "./attachments.ts";
import type { NatsConnector } from "./connection.ts";
import { isStreamGone, isTooLarge, toMillraceError } from "./error.ts";
import { headersOf } from "./message.ts";
import type { NatsBusSettings } from "./options.ts";
import { publishAll } from "./publish-all.ts";
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
  settings: NatsBusSettings,
  connector: NatsConnector,
  streams: Streams,
  attachments: Attachments,
  outgoing: readonly Outgoing[],
  { tenantNo, segment, batchId, salt }: SendOptions,
): Promise<readonly Sent[] | undefined> {
  const { nc } = await connector.link();
  const seen = attachments.seen(segment);
  const messages = outgoing.map(({ event, keyHash }) => {
    const headers = headersOf(event, batchId);
    headers.set(PubHeaders.MsgIdHdr, messageId(event, keyHash, `${segment.segment}${salt}`));
    headers.set(PubHeaders.ExpectedStreamHdr, segment.stream);
    return { subject: streams.subject(tenantNo, event.tableId), payload: event.payload, headers };
  });
  try {
    const acks = await publishAll(nc, messages, settings);
    // A number that was given out before: somebody has made the stream anew under its name.
    const isOther = acks.some(({ sequence, isDuplicate }) => !isDuplicate && sequence <= seen);
    if (isOther) return undefined;
    attachments.saw(
      segment,
      acks.reduce((highest, { sequence }) => Math.max(highest, sequence), 0),
    );
    return acks.map(({ sequence, isDuplicate }) => ({ offset: segment.base + sequence, isDuplicate }));
  } catch (error) {
    return elsewhere(error);
  }

  async function elsewhere(error: unknown): Promise<undefined> {
    if (isTooLarge(error)) {
      throw new MillraceError("PAYLOAD_TOO_LARGE", "An event is larger than NATS takes.", { cause: error });
    }
    if (isStreamGone(error)) {
      const present = await streams.present(tenantNo);
      if (present.name !== segment.stream || present.createdAt !== segment.streamCreatedAt) return undefined;
    }
    throw toMillraceError(error, true);
  }
}

/**
 * What the server drops a message by that it had within its window. The same key with another record is another message: which of the two counts is for
 * PostgreSQL to say. So is a message of another segment, which the number of this one tells apart.
 */
function messageId({ tableId, payloadHash }: NewEvent, keyHash: string, suffix: string): string {
  return `${tableId}.${keyHash}.${payloadHash}.${suffix}`;
}
