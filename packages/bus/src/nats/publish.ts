import { randomUUID } from "node:crypto";

import { MillraceError } from "@millrace/contract";
import type { NewEvent, PublishOptions, PublishOutcome, RecordedKey, StreamStore } from "@millrace/storage";
import { keyHash } from "@millrace/storage";

import type { Attachments } from "./attachments.ts";
import type { NatsConnector } from "./connection.ts";
import type { NatsBusSettings } from "./options.ts";
import { outcomeOf, planPublish } from "./plan.ts";
import type { Outgoing, Sent } from "./send.ts";
import { send } from "./send.ts";
import type { Streams } from "./streams.ts";

/** A segment ends when the bus is switched or a stream is lost, a batch is given up when a reader was faster: neither goes on for long. */
const attemptsMax = 8;

export interface PublishContext {
  readonly settings: NatsBusSettings;
  readonly connector: NatsConnector;
  readonly streams: Streams;
  readonly store: StreamStore;
  readonly attachments: Attachments;
}

/**
 * Publishes into a stream, in three steps: looks the keys up, sends what is not known, records where it is.
 *
 * A stream may hold several messages of one key: its server forgets ids after minutes, and publishers die between the steps. Which one counts is what the
 * keys' table says: the offset that was recorded first, by whoever came first, under the unique index of the keys. A reader gives out a message if its offset
 * is the recorded one, and records the offset of a message whose key has none. So, whatever happens between two steps, one event of a key survives:
 * - Ends after the first step: nothing has happened.
 * - Ends after the second, or while sending: a message without a record. If it is below the head when a range is read, the reader records it and it counts;
 *   nobody was told otherwise. If the publisher comes again first, within the server's window the server names the same message, and that is recorded; after
 *   it there are two messages, and the one counts that is recorded first. The other's reader finds another offset recorded, and drops it.
 * - The reader comes between the second and the third step: it records the same offset, or has found an earlier message. What is recorded is what is answered.
 * - Two publish the same at once: the server names one message to both, or there are two, and the record of one stands.
 * - Two publish different records under one key: two messages, as their ids differ. Whose offset is recorded has the key; the other answers `reused`, and its
 *   message is dropped when it is read.
 * - The log goes on elsewhere between the steps, or the message was purged: the record is refused, and all is published again under other ids.
 * - An atomic batch counts as a whole or not at all: its messages name it, and count only once its publisher has said so, with all of its keys, in one transaction.
 *   A reader that meets it before gives it up for good, and its publisher starts again. It never sees a part.
 */
export async function publish(
  context: PublishContext,
  tenantNo: number,
  events: readonly NewEvent[],
  { atomic = false }: PublishOptions = {},
): Promise<readonly PublishOutcome[]> {
  const { settings, connector, streams, store, attachments } = context;
  const keys = events.map(({ tableId, key }) => ({ tableId, keyHash: keyHash(key) }));
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const plan = planPublish(events, await store.findKeys(keys), atomic);
    if (plan.isRefused || plan.fresh.length === 0) return plan.answer([]);
    await settings.atPoint("looked-up");

    const segment = await attachments.of(tenantNo);
    const batchId = atomic && plan.fresh.length > 1 ? randomUUID() : undefined;
    const salt = batchId ?? (attempt === 1 ? "" : randomUUID());
    const sent = await send(settings, connector, streams, attachments, plan.fresh, {
      tenantNo,
      segment,
      batchId,
      salt,
    });
    if (sent === undefined) {
      attachments.forget(tenantNo, segment);
      continue;
    }
    await settings.atPoint("published");

    const recorded = await store.record(tenantNo, segment.segment, streamedKeys(plan.fresh, sent), batchId);
    if (recorded === "stale") attachments.forget(tenantNo, segment);
    if (recorded === "stale" || recorded === "reused") continue;
    await settings.atPoint("recorded");
    return plan.answer(plan.fresh.map((one, place) => settledOutcome(one, sent[place], recorded[place])));
  }
  throw new MillraceError("UNAVAILABLE", "The log goes on elsewhere again and again", {
    retryAfterMs: 1_000,
    extensions: { outcome: "unknown" },
  });
}

function streamedKeys(fresh: readonly Outgoing[], sent: readonly Sent[]) {
  return fresh.map(({ event, keyHash: hash }, place) => ({
    tableId: event.tableId,
    keyHash: hash,
    payloadHash: event.payloadHash,
    bytes: Buffer.byteLength(event.payload),
    offset: sent[place]?.offset ?? 0,
  }));
}

/** What is recorded decides. Whoever finds the own message recorded that somebody had sent before is not the first. */
function settledOutcome(
  { event }: Outgoing,
  sent: Sent | undefined,
  recorded: RecordedKey | undefined,
): PublishOutcome {
  if (sent === undefined || recorded === undefined) {
    throw new MillraceError("INTERNAL", "An event that was published has no record.");
  }
  if (recorded.offset === sent.offset && !sent.isDuplicate) return { outcome: "accepted", offset: sent.offset };
  return outcomeOf(event, recorded);
}
