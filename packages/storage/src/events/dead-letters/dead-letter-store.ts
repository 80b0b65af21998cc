import type { EventOp } from "@millrace/contract";

/** An event that was accepted and could not be written into its table, without its payload. */
export interface DeadLetterSummary {
  readonly id: string;
  readonly tenantId: string;
  readonly tenantNo: number;
  readonly tableId: number;
  /** The table's name as it is now; null once it is dropped. */
  readonly table: string | null;
  readonly offset: number;
  /** The version of the table's columns that it was accepted under. */
  readonly version: number;
  readonly op: EventOp;
  readonly key: string;
  readonly eventTime: Date | null;
  readonly ingestedAt: Date;
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly createdAt: Date;
  readonly replayedAt: Date | null;
}

export interface DeadLetter extends DeadLetterSummary {
  /** JSON text as it was accepted. */
  readonly payload: string;
}

/** What a tenant's dead letter is found by. */
export interface DeadLetterRef {
  readonly tenantId: string;
  readonly id: string;
}

export interface DeadLetterFilter {
  readonly tenantId: string;
  /** Only those of tables that have one of these names now. */
  readonly tables?: readonly string[] | undefined;
  readonly limit: number;
  /** Older than this id (exclusive): the keyset cursor. */
  readonly beforeId?: string | undefined;
}

/** Events that could not be written; the lake's publications add them. */
export interface DeadLetterStore {
  /** Newest first. */
  listDeadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetterSummary[]>;
  findDeadLetter(ref: DeadLetterRef): Promise<DeadLetter | undefined>;
  /** Remembers the time of the replay; of several, of the last. False where there is none of this id. */
  markReplayed(ref: DeadLetterRef): Promise<boolean>;
  deleteDeadLetter(ref: DeadLetterRef): Promise<boolean>;
}
