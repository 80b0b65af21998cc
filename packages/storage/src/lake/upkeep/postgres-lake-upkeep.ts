import type { Database } from "../../database.ts";
import { lockProgress } from "../lock-progress.ts";
import { deletable } from "./deletable.ts";
import { dueUpkeep } from "./due-upkeep.ts";
import { expireSnapshots } from "./expire-snapshots.ts";
import { filesOfDroppedTables } from "./files-of-dropped-tables.ts";
import { filesToCheck } from "./files-to-check.ts";
import { forgetFiles } from "./forget-files.ts";
import { forgetSnapshots } from "./forget-snapshots.ts";
import { isSweeping } from "./is-sweeping.ts";
import { knownPaths } from "./known-paths.ts";
import type { LakeUpkeep } from "./lake-upkeep.ts";
import { markDeletable } from "./mark-deletable.ts";
import { markDeleted } from "./mark-deleted.ts";
import { passCheck } from "./pass-check.ts";
import { sweepIntents } from "./sweep-intents.ts";
import { tablesToMerge } from "./tables-to-merge.ts";
import { takePlan } from "./take-plan.ts";
import { tenantNoOf } from "./tenant-no-of.ts";

/** The upkeep of the catalogue in PostgreSQL; the database stays its owner's. */
export function createPostgresLakeUpkeep(db: Database): LakeUpkeep {
  return {
    takePlan: (everyMs) => takePlan(db, everyMs),
    tablesToMerge: (filter) => tablesToMerge(db, filter),
    dueUpkeep: (filter) => dueUpkeep(db, filter),
    tenantNoOf: (tenantId) => tenantNoOf(db, tenantId),
    expire: (batch) =>
      db.withTransaction(async (tx) => {
        if ((await lockProgress(tx, { tenantNo: batch.tenantNo })) === undefined) return { snapshots: 0, files: 0 };
        const snapshots = await expireSnapshots(tx, batch);
        return { snapshots, files: await markDeletable(tx, batch) };
      }),
    deletable: (batch) => deletable(db, batch),
    markDeleted: (fileIds) => markDeleted(db, fileIds),
    forget: async (batch) => (await forgetSnapshots(db, batch)) + (await forgetFiles(db, batch)),
    sweepIntents: (batch, remove) => sweepIntents(db, batch, remove),
    knownPaths: (paths) => knownPaths(db, paths),
    filesOfDroppedTables: (tenantNo, limit) => filesOfDroppedTables(db, tenantNo, limit),
    filesToCheck: (page) => filesToCheck(db, page),
    isSweeping: () => isSweeping(db),
    passCheck: (tenantNo) => passCheck(db, tenantNo),
  };
}
