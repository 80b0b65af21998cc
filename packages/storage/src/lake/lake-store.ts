import type { Transaction } from "../executor.ts";
import type { PublishedSnapshot } from "./watch-snapshots.ts";

export type { PublishedSnapshot } from "./watch-snapshots.ts";

/** Who made a snapshot. */
export type SnapshotKind = "publish" | "history" | "compaction" | "retention" | "drop" | "restore";

/** An immutable set of files of all of a tenant's tables. */
export interface Snapshot {
  readonly tenantNo: number;
  readonly snapshotId: number;
  readonly snapshotTime: Date;
  /** Every event up to this offset is in it, or was a duplicate, or is a dead letter. */
  readonly watermark: number;
  readonly kind: SnapshotKind;
  /** Its files may be gone. */
  readonly expired: boolean;
  readonly pinned: boolean;
}

/** A file as it is catalogued. */
export interface LakeFile {
  readonly fileId: number;
  readonly tableId: number;
  readonly version: number;
  readonly path: string;
  readonly rowCount: number;
  readonly fileBytes: number;
  /** SHA-256 of its content, in hex. */
  readonly contentHash: string;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly minIngestedAt: Date;
  readonly maxIngestedAt: Date;
  readonly beginSnapshot: number;
}

/** A file that was written and uploaded, ready to be published. */
export interface NewLakeFile extends Omit<LakeFile, "fileId" | "beginSnapshot"> {
  /** What COPY said of its columns, by field id, as JSON text. */
  readonly columnStats: string;
}

/** An event that could not be written. */
export interface NewDeadLetter {
  readonly tableId: number;
  readonly offset: number;
  readonly version: number;
  readonly op: string;
  readonly key: string;
  readonly payload: string;
  readonly eventTime: Date | undefined;
  readonly ingestedAt: Date;
  /** Upper snake case, stable. */
  readonly code: string;
  /** The dotted path of the value, or empty. */
  readonly path: string;
  readonly message: string;
}

/** A snapshot to publish: what is added and what ends, all or nothing. */
export interface SnapshotChange {
  readonly tenantNo: number;
  readonly kind: SnapshotKind;
  /** Names this try: whoever doesn't know whether it was published looks for it. */
  readonly batchId: string;
  readonly adds: readonly NewLakeFile[];
  /** Ids of files that end with it; all of them are live, or nothing is published. */
  readonly ends: readonly number[];
  readonly deadLetters?: readonly NewDeadLetter[];
  /**
   * Runs inside of the transaction, after the tenant's progress row is locked: the bus's ack moves the watermark here. False rolls back.
   */
  advance?(tx: Transaction): Promise<boolean>;
}

export type SnapshotRef =
  | { readonly newest: true }
  | { readonly snapshotId: number }
  /** The newest that was there at that time. */
  | { readonly at: Date };

/** The catalogue of the lake. */
export interface LakeStore {
  /**
   * Undefined for a tenant without a log. The newest snapshot of a log in which nothing was published yet has the id 0 and no files.
   * @throws SNAPSHOT_EXPIRED for one whose row is gone
   */
  snapshot(tenantId: string, ref: SnapshotRef): Promise<Snapshot | undefined>;
  /** The files of some tables in a snapshot; tables come with it so that columns and files are of one moment. */
  filesOf(snapshot: Snapshot, tableIds: readonly number[]): Promise<readonly LakeFile[]>;
  listSnapshots(
    tenantId: string,
    page: { readonly before?: number | undefined; readonly limit: number },
  ): Promise<readonly Snapshot[]>;
  pin(
    tenantId: string,
    snapshotId: number,
    pin: { readonly reason: string; readonly createdBy: string; readonly expiresAt: Date | undefined },
  ): Promise<Snapshot | "expired" | undefined>;
  unpin(tenantId: string, snapshotId: number): Promise<boolean>;
  /** Head and watermark of a tenant's log as they are now; undefined for a tenant without a log. */
  progress(
    tenantId: string,
  ): Promise<{ readonly tenantNo: number; readonly head: number; readonly watermark: number } | undefined>;
  /** The newest snapshots of these tenants. */
  newestOf(tenantNos: readonly number[]): Promise<readonly PublishedSnapshot[]>;
  /** Calls back when a snapshot was published. */
  watchSnapshots(
    onSnapshot: (published: PublishedSnapshot) => void,
    onState: (connected: boolean) => void,
  ): Promise<{ close(): Promise<void> }>;

  /** Says which objects are about to be written; committed before the first upload. */
  intend(intent: {
    readonly tenantNo: number;
    readonly epoch: number;
    readonly batchId: string;
    readonly paths: readonly string[];
  }): Promise<void>;
  /** Publishes a snapshot. Undefined, and nothing written, when `advance` says so or a file of `ends` is not live any more. @throws UNAVAILABLE, and whether it was published is told by `findBatch` */
  publish(change: SnapshotChange): Promise<Snapshot | undefined>;
  /** The snapshot that this try has published. */
  findBatch(batchId: string): Promise<Snapshot | undefined>;
  /** Live files of a table, oldest first. */
  liveFiles(tableId: number): Promise<readonly LakeFile[]>;
}
