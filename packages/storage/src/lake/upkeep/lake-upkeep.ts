import type { DueUpkeep, DueUpkeepFilter } from "./due-upkeep.ts";
import type { TablesToMergeFilter, TableToMerge } from "./tables-to-merge.ts";
import type { PlannedSpan } from "./take-plan.ts";

/** How much of something is done at once, and how old it has to be by the database's clock. */
export interface AgedBatch {
  readonly tenantNo: number;
  readonly limit: number;
}

/** A file whose object may go now. */
export interface DeletableFile {
  readonly fileId: number;
  readonly path: string;
}

/** A file whose object has to be there. */
export interface CataloguedFile extends DeletableFile {
  readonly tableId: number;
  readonly version: number;
  readonly rowCount: number;
  readonly fileBytes: number;
  readonly contentHash: string;
}

/** What keeps the catalogue small and the store free of what nobody needs. All of it may be asked by any number of processes at once. */
export interface LakeUpkeep {
  /** The time since the last plan of any process, which is planned for by the caller now; undefined where that is not `everyMs` ago. */
  takePlan(everyMs: number): Promise<PlannedSpan | undefined>;
  /** The next live tables, by id, with their live files where they may want merging. */
  tablesToMerge(filter: TablesToMergeFilter): Promise<readonly TableToMerge[]>;
  /** What there is to do for the next tenants, by number. */
  dueUpkeep(filter: DueUpkeepFilter): Promise<readonly DueUpkeep[]>;
  /** The tenant's number; undefined for one without a log. */
  tenantNoOf(tenantId: string): Promise<number | undefined>;
  /** Lets snapshots expire that have not been the newest for `retentionMs`, and marks ended files that none is left of; answers how many of each. */
  expire(
    batch: AgedBatch & { readonly retentionMs: number },
  ): Promise<{ readonly snapshots: number; readonly files: number }>;
  /** Files that were marked `graceMs` ago. */
  deletable(batch: AgedBatch & { readonly graceMs: number }): Promise<readonly DeletableFile[]>;
  /** Says that their objects are gone. */
  markDeleted(fileIds: readonly number[]): Promise<void>;
  /** Removes rows of expired snapshots and deleted files that old; answers how many. */
  forget(batch: AgedBatch & { readonly retentionMs: number; readonly keptMs: number }): Promise<number>;
  /** Marks intents that old, whose publication is refused from then on, hands their paths to `remove`, and ends the intents. Answers how many. */
  sweepIntents(
    batch: AgedBatch & { readonly graceMs: number },
    remove: (paths: readonly string[]) => Promise<void>,
  ): Promise<number>;
  /** Those of the paths that a file's row or an intent names. */
  knownPaths(paths: readonly string[]): Promise<readonly string[]>;
  /** Live files of the tenant's tables that are dropped. */
  filesOfDroppedTables(tenantNo: number, limit: number): Promise<readonly number[]>;
  /** Every file whose object has to be there, by id. */
  filesToCheck(page: {
    readonly tenantNo: number;
    readonly tableId: number | undefined;
    readonly afterFileId: number;
    readonly limit: number;
  }): Promise<readonly CataloguedFile[]>;
  /** False after a restore, until every tenant was checked: nothing may be deleted. */
  isSweeping(): Promise<boolean>;
  /** Says that everything of a tenant is there. The last of them to be checked after a restore lets deletion go on; answers whether it may. */
  passCheck(tenantNo: number): Promise<boolean>;
}
