import type { LogLease } from "../events/event.ts";
import type { Transaction } from "../executor.ts";

/** Where a part of a tenant's log is. */
export interface BusSegment {
  readonly segment: number;
  readonly fromOffset: number;
  /** Undefined while it is the newest. */
  readonly untilOffset: number | undefined;
  /** Undefined where it is in PostgreSQL. */
  readonly stream: string | undefined;
  readonly streamCreatedAt: string | undefined;
  /** An event's offset is this plus its sequence number. */
  readonly base: number;
}

/** A stream as it was found, after the log's head had been read. */
export interface FoundStream {
  readonly name: string;
  readonly createdAt: string;
  readonly lastSequence: number;
  readonly seenHead: number;
}

export interface EventKey {
  readonly tableId: number;
  readonly keyHash: string;
}

/** An event in a stream, as far as its key goes. */
export interface StreamedKey extends EventKey {
  readonly payloadHash: string;
  readonly bytes: number;
  readonly offset: number;
  /** Of an atomic batch. */
  readonly batchId?: string | undefined;
}

/** What is recorded of a key: where its event is, whatever else a stream may hold. */
export interface RecordedKey {
  readonly payloadHash: string;
  readonly offset: number;
}

/** `stale`: publish again, into the newest segment. `reused`: all or nothing was asked for, and one key is another record's. In both cases nothing is recorded. */
export type RecordOutcome = readonly RecordedKey[] | "stale" | "reused";

/** What PostgreSQL knows of logs that go over streams: which of two events with one key counts, and which offsets are where. */
export interface StreamStore {
  /** What is recorded of each key, in order. */
  findKeys(keys: readonly EventKey[]): Promise<readonly (RecordedKey | undefined)[]>;
  /** Records what a stream has acknowledged, one batch in one transaction. The recorded offset may be another's: then that one counts. */
  record(
    tenantNo: number,
    segment: number,
    keys: readonly StreamedKey[],
    batchId: string | undefined,
  ): Promise<RecordOutcome>;
  /** Records what a reader has found unrecorded. Undefined: it belongs to a batch that was given up. */
  settle(
    tenantNo: number,
    segment: number,
    keys: readonly StreamedKey[],
  ): Promise<readonly (RecordedKey | undefined)[]>;
  /** The segment to publish into; opened where the newest is somewhere else. Without a stream, in PostgreSQL. @throws NOT_FOUND for a tenant without a log */
  openSegment(tenantNo: number, stream: FoundStream | undefined): Promise<BusSegment>;
  /** The segment that an offset is in; undefined for a log that was never anywhere but in PostgreSQL. */
  segmentAt(tenantNo: number, offset: number): Promise<BusSegment | undefined>;
  /** The last offset that was recorded; undefined for a tenant without a log. */
  head(tenantNo: number): Promise<number | undefined>;
  /** Gives up a lease under which nothing could be read, for the delay; that is no failure of its range. */
  putOff(lease: LogLease, delayMs: number): Promise<void>;
  /** Counts what is consumed up to an offset, in the transaction that consumes it. */
  countConsumed(
    tx: Transaction,
    consumed: { readonly tenantNo: number; readonly to: number; readonly events: number; readonly bytes: number },
  ): Promise<void>;
  /** What a segment has that is not consumed. */
  pendingOf(tenantNo: number, segment: number): Promise<{ readonly events: number; readonly bytes: number }>;
  /** Events of a log that are not consumed, in streams and in PostgreSQL. */
  pendingEvents(tenantNo: number): Promise<number>;
  /** Up to which sequence number a stream can be purged, written down already; undefined for nothing, or not now. */
  purgeable(stream: string, createdAt: string): Promise<number | undefined>;
  /** Forgets batches and segments that logs are read past. */
  sweep(): Promise<void>;
}
