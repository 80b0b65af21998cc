import { setTimeout as delay } from "node:timers/promises";

import { nanos } from "@nats-io/transport-node";

import type { StreamSegment } from "./attachments.ts";
import type { NatsConnector } from "./connection.ts";
import { isStreamNotFound, toMillraceError } from "./error.ts";
import type { StreamedEvent } from "./message.ts";
import { eventOf } from "./message.ts";
import type { NatsBusSettings } from "./options.ts";
import { pull } from "./pull.ts";
import type { Streams } from "./streams.ts";

/** A part of a stream: (after, until], by sequence numbers. There is a message of the tenant at `until`. */
export interface StreamRange {
  readonly tenantNo: number;
  readonly segment: StreamSegment;
  readonly after: number;
  readonly until: number;
  readonly limit: number;
  readonly bytesMax: number;
}

/** What was read of a range: all up to `to`. */
export interface ReadStream {
  readonly events: readonly StreamedEvent[];
  /** The sequence number up to which nothing is missing. */
  readonly to: number;
}

export interface StreamReader {
  /** Reads a range, or as much of it as is asked for; undefined when what is at its end, and all before it, is not there. @throws UNAVAILABLE */
  read(range: StreamRange): Promise<ReadStream | undefined>;
  close(): Promise<void>;
}

interface Cursor {
  readonly segment: StreamSegment;
  readonly consumer: string;
  /** Read and not yet consumed, so that a range that is claimed again needn't be read again. */
  ahead: StreamedEvent[];
  bytesAhead: number;
  /** Up to here nothing is ahead any more. */
  droppedTo: number;
  /** Up to here everything is or was ahead. */
  readTo: number;
  /** The consumer's own count of what it has sent; a hole in it is a message that was lost on the way. */
  delivered: number;
}

const cursorsMax = 256;
const inactiveMs = 60_000;
const roundMax = 1_000;
const roundMin = 32;
const roundFirst = 256;
const roundBytes = 4 * 1_024 ** 2;
/** A replica that is behind catches up in milliseconds; it is asked so often until then. */
const behindMs = 20;
const behindMaxMs = 2_000;

/**
 * Reads streams by number, without acknowledgements: how far a log is read is known in PostgreSQL. The server keeps a cursor for each tenant that goes on where
 * the last range ended; one that has lost a message, or stands elsewhere, is replaced.
 */
export function createStreamReader(
  { timeoutMs }: NatsBusSettings,
  connector: NatsConnector,
  streams: Streams,
): StreamReader {
  const cursors = new Map<number, Cursor>();

  async function open({ tenantNo, segment, after }: StreamRange): Promise<Cursor | undefined> {
    const stream = await streams.find(segment.stream);
    if (stream?.createdAt !== segment.streamCreatedAt) return undefined;
    const { jsm } = await connector.link();
    const { name } = await jsm.consumers.add(segment.stream, {
      ack_policy: "none",
      deliver_policy: "by_start_sequence",
      opt_start_seq: after + 1,
      filter_subject: streams.subjectsOf(segment.stream, tenantNo),
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(inactiveMs),
    });
    return { segment, consumer: name, ahead: [], bytesAhead: 0, droppedTo: after, readTo: after, delivered: 0 };
  }

  function take(range: StreamRange): Cursor | undefined {
    const cursor = cursors.get(range.tenantNo);
    cursors.delete(range.tenantNo);
    if (cursor === undefined) return undefined;
    const isThere =
      cursor.segment.segment === range.segment.segment &&
      cursor.droppedTo <= range.after &&
      range.after <= cursor.readTo;
    if (!isThere) void remove(cursor);
    return isThere ? cursor : undefined;
  }

  function keep(tenantNo: number, cursor: Cursor): void {
    cursors.set(tenantNo, cursor);
    const [oldest] = cursors;
    if (cursors.size <= cursorsMax || oldest === undefined) return;
    cursors.delete(oldest[0]);
    void remove(oldest[1]);
  }

  async function remove({ segment, consumer }: Cursor): Promise<void> {
    try {
      const { jsm } = await connector.link();
      await jsm.consumers.delete(segment.stream, consumer);
    } catch {
      // Gone already, or not to be reached: the server forgets one that nobody asks.
    }
  }

  /** Asks for one round more; false when there is no more now. */
  async function readOn(cursor: Cursor): Promise<boolean> {
    const { nc } = await connector.link();
    const count = roundOf(cursor);
    const { stream } = cursor.segment;
    const pulled = await pull(nc, { stream, consumer: cursor.consumer, count, timeoutMs });
    for (const one of pulled) {
      if (one.delivery.deliverySequence !== cursor.delivered + 1) throw new Error("A message was lost on the way");
      cursor.delivered = one.delivery.deliverySequence;
      cursor.readTo = one.delivery.streamSequence;
      const event = eventOf(one);
      if (event === undefined) continue;
      cursor.ahead.push(event);
      cursor.bytesAhead += event.bytes;
    }
    return pulled.length === count;
  }

  async function readOnce(range: StreamRange, kept: Cursor | undefined): Promise<ReadStream | undefined> {
    const cursor = kept ?? (await open(range));
    if (cursor === undefined) return undefined;
    cursor.ahead = cursor.ahead.filter(({ sequence }) => sequence > range.after);
    cursor.bytesAhead = cursor.ahead.reduce((sum, event) => sum + event.bytes, 0);
    cursor.droppedTo = range.after;
    const deadlineMs = performance.now() + behindMaxMs;
    while (!isEnough(cursor, range)) {
      if (await readOn(cursor)) continue;
      if (isEnough(cursor, range) || cursor.ahead.length > 0 || performance.now() > deadlineMs) break;
      await delay(behindMs);
    }
    const found = cut(cursor, range);
    if (found.to > range.after) {
      keep(range.tenantNo, cursor);
      return found;
    }
    // It may be on a replica that stays behind; the next one may be on another.
    void remove(cursor);
    return undefined;
  }

  return {
    async read(range) {
      const kept = take(range);
      try {
        if (kept !== undefined) return await readOnce(range, kept);
      } catch {
        // A cursor goes with the server that it was on; another one can be had.
        void remove(kept as Cursor);
      }
      try {
        return await readOnce(range, undefined);
      } catch (error) {
        if (isStreamNotFound(error)) return undefined;
        throw toMillraceError(error);
      }
    },
    async close() {
      const present = [...cursors.values()];
      cursors.clear();
      await Promise.all(present.map(remove));
    },
  };
}

/** As many as fill some megabytes, by the size of what was read so far. */
function roundOf({ ahead, bytesAhead }: Cursor): number {
  if (bytesAhead === 0) return roundFirst;
  return Math.min(roundMax, Math.max(roundMin, Math.floor((roundBytes * ahead.length) / bytesAhead)));
}

function isEnough({ ahead, bytesAhead, readTo }: Cursor, { until, limit, bytesMax }: StreamRange): boolean {
  return readTo >= until || ahead.length >= limit || bytesAhead >= bytesMax;
}

/** What of the events read belongs to the range: up to its end and within its limits, one at least. */
function cut({ ahead, readTo }: Cursor, { until, limit, bytesMax }: StreamRange): ReadStream {
  const events: StreamedEvent[] = [];
  let bytes = 0;
  for (const event of ahead) {
    if (event.sequence > until) break;
    const isFull = events.length >= limit || (events.length > 0 && bytes + event.bytes > bytesMax);
    if (isFull) return { events, to: events.at(-1)?.sequence ?? 0 };
    events.push(event);
    bytes += event.bytes;
  }
  return { events, to: Math.min(readTo, until) };
}
