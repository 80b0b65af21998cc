import type {
  LoggedEvent,
  LogLag,
  TablePending,
  LogLease,
  NewEvent,
  PublishOptions,
  PublishOutcome,
  Transaction,
} from "@millrace/storage";

export type {
  LoggedEvent,
  LogLag,
  LogLease,
  NewEvent,
  PublishOptions,
  PublishOutcome,
  TablePending,
} from "@millrace/storage";

/** The right to consume the range (from, to] of a tenant's log until it expires. */
export interface RangeClaim extends LogLease {
  readonly tenantId: string;
  /** The watermark: everything up to here is consumed. */
  readonly from: number;
  /** Everything up to here was readable when the range was claimed. */
  readonly to: number;
  /** How long it is good for, counted from before the statement that took it was sent. */
  readonly leaseMs: number;
  /** How often this range has failed already; one that was out when its lease expired counts as failed. */
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

/**
 * The log behind ingest. Offsets are a tenant's own, rise in the order of commits, and when one is readable everything below it is.
 * How far a log is consumed is a row in PostgreSQL, changed in the transaction that makes the consumption visible: `ack` takes part in it.
 */
export interface IngestBus {
  /** Which adapter this is. */
  readonly kind: "postgres" | "nats";
  /** Publishes a tenant's events; one outcome each, in order. Durable once it resolves. @throws UNAVAILABLE, and what was sent may or may not be there */
  publish(tenantNo: number, events: readonly NewEvent[], options?: PublishOptions): Promise<readonly PublishOutcome[]>;
  /**
   * Takes the next range of some tenant's log under a lease, or nothing where nothing waits. The same owner may claim on: it renews its lease. What it has
   * out already, neither acknowledged nor given back, it is only given again where it names the tenant.
   */
  claimBatch(options: ClaimOptions): Promise<RangeClaim | undefined>;
  /** The range is consumed, in the caller's transaction. False, and nothing written, when the lease or the range is no longer the claim's: roll back. */
  ack(tx: Transaction, claim: RangeClaim): Promise<boolean>;
  /** Gives a range back that could not be consumed; it can be claimed again after the delay. */
  nack(claim: RangeClaim, options: { readonly delayMs: number }): Promise<void>;
  /** False when the lease is lost. */
  extendLease(claim: LogLease, leaseMs: number): Promise<boolean>;
  /** Gives up a tenant's lease, so that others needn't wait for it to expire. */
  release(claim: LogLease): Promise<void>;
  /** Frees ranges whose lease has expired, each under a new epoch; answers how many. */
  requeueExpired(): Promise<number>;
  lag(tenantNo: number): Promise<LogLag | undefined>;
  /**
   * When the oldest event that is not consumed was ingested, of all tenants; undefined where none waits. Takes one connection to PostgreSQL at a time.
   * @throws UNAVAILABLE where an event waits of which it can't tell
   */
  oldestPendingAt(): Promise<Date | undefined>;
  /** What waits of each table, counted over a bounded number of the oldest events; undefined where the bus can't tell. */
  pendingByTable(tenantNo: number): Promise<readonly TablePending[] | undefined>;
  /** Drops what is consumed and makes room for what comes: partitions, generations of keys, stream messages. Any process may do it at any time. */
  upkeep(): Promise<void>;
  /** Calls back with a tenant's number when something was published, in this process or another; a hint that may be missed. */
  onPublished(listener: (tenantNo: number) => void): Promise<{ close(): Promise<void> }>;
  /** @throws UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
