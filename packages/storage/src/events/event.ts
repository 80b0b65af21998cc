import type { EventOp } from "@millrace/contract";

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
  /** Everything or nothing: with a reused key among them nothing is stored, and what would have been accepted answers `refused`. */
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

/** The lease on a tenant's log, by which its owner may consume what comes after the watermark. */
export interface LogLease {
  readonly tenantNo: number;
  readonly owner: string;
  /** Grows with every change of owner; whatever is written under the lease checks it. */
  readonly epoch: number;
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
  /** When a range of it was last consumed. */
  readonly publishedAt: Date | undefined;
}
