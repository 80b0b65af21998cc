import type { EventOp } from "@millrace/contract";
import type { Transaction } from "@millrace/storage";

/** An event to publish; validated already. */
export interface NewEvent {
  readonly tableId: number;
  /** The version of the table's columns that it was validated against. */
  readonly version: number;
  readonly op: EventOp;
  /** Its idempotency key within its table, as given. */
  readonly key: string;
  /** JSON text as it was sent. */
  readonly payload: string;
  /** A 128-bit digest of what the record means (op, payload, event time), as a UUID; equal for equal records. */
  readonly payloadHash: string;
  readonly eventTime: Date | undefined;
}

/** What became of one event of a publish. */
export type PublishOutcome =
  /** It is in the log at this offset. */
  | { readonly outcome: "accepted"; readonly offset: number }
  /** The same record was published before; `offset` is where that one is. */
  | { readonly outcome: "duplicate"; readonly offset: number }
  /** The key was used by another record. Nothing was stored. */
  | { readonly outcome: "reused" }
  /** Nothing wrong with it, but the batch is atomic and another one was refused. */
  | { readonly outcome: "refused" };

export interface PublishOptions {
  /** Everything or nothing: with a reused key among them none is stored, and the others answer `refused`. */
  readonly atomic?: boolean;
}

/** An event as it is read from the log. */
export interface LoggedEvent {
  readonly offset: number;
  readonly tableId: number;
  readonly version: number;
  readonly op: EventOp;
  readonly key: string;
  readonly payload: string;
  readonly eventTime: Date | undefined;
  readonly ingestedAt: Date;
}

/** The right to consume the range (from, to] of a tenant's log until it expires. */
export interface RangeClaim {
  readonly tenantNo: number;
  readonly tenantId: string;
  /** The watermark: everything up to here is consumed. */
  readonly from: number;
  /** Everything up to here was readable when the range was claimed. */
  readonly to: number;
  readonly owner: string;
  /** Grows with every change of owner; whatever is written under the lease checks it. */
  readonly epoch: number;
  /** How long it is good for, counted from before the statement that took it was sent. */
  readonly leaseMs: number;
  /** How often this range has failed already. */
  readonly failures: number;
  /** In the order of offsets. Duplicates are not among them. */
  readonly events: readonly LoggedEvent[];
  /** Size of their payloads. */
  readonly bytes: number;
}

export interface ClaimOptions {
  /** Who claims; unique to the process and the start of it. */
  readonly owner: string;
  readonly leaseMs: number;
  /** Events and bytes of payloads at most; one event is given out whatever its size. */
  readonly limit: number;
  readonly bytesMax: number;
  /** Only this tenant's; default whoever has waited longest. */
  readonly tenantNo?: number | undefined;
}

/** How far a tenant's log is. */
export interface LogLag {
  readonly tenantNo: number;
  /** The last offset that was given out. */
  readonly head: number;
  readonly watermark: number;
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  /** When the oldest event that is not consumed was ingested. */
  readonly oldestPendingAt: Date | undefined;
  readonly publishedAt: Date | undefined;
}

/**
 * The log behind ingest. Offsets are a tenant's own, rise in the order of commits, and when one is readable everything below it is.
 * How far a log is consumed is a row in PostgreSQL, changed in the transaction that makes the consumption visible: `ack` takes part in it.
 */
export interface IngestBus {
  /** Which adapter this is. */
  readonly kind: "postgres" | "nats";
  /** Publishes a tenant's events; one outcome each, in order. Durable once it resolves. @throws UNAVAILABLE, and what was sent may or may not be there */
  publish(tenantNo: number, events: readonly NewEvent[], options?: PublishOptions): Promise<readonly PublishOutcome[]>;
  /** Takes the next range of some tenant's log under a lease, or nothing where nothing waits. The same owner may claim on: it renews its lease. */
  claimBatch(options: ClaimOptions): Promise<RangeClaim | undefined>;
  /** The range is consumed, in the caller's transaction. False, and nothing written, when the lease or the range is no longer the claim's: roll back. */
  ack(tx: Transaction, claim: RangeClaim): Promise<boolean>;
  /** Gives a range back that could not be consumed; it can be claimed again after the delay. */
  nack(claim: RangeClaim, options: { readonly delayMs: number }): Promise<void>;
  /** False when the lease is lost. */
  extendLease(claim: Pick<RangeClaim, "tenantNo" | "owner" | "epoch">, leaseMs: number): Promise<boolean>;
  /** Gives up a tenant's lease, so that others needn't wait for it to expire. */
  release(claim: Pick<RangeClaim, "tenantNo" | "owner" | "epoch">): Promise<void>;
  /** Frees ranges whose lease has expired, each under a new epoch; answers how many. */
  requeueExpired(): Promise<number>;
  lag(tenantNo: number): Promise<LogLag | undefined>;
  /** Drops what is consumed and makes room for what comes: partitions, generations of keys, stream messages. Any process may do it at any time. */
  upkeep(): Promise<void>;
  /** Calls back with a tenant's number when something was published, in this process or another; a hint that may be missed. */
  onPublished(listener: (tenantNo: number) => void): Promise<{ close(): Promise<void> }>;
  /** @throws UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
