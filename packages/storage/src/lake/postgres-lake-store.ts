import type { Database } from "../database.ts";
import { filesOf } from "./files-of.ts";
import { findBatch } from "./find-batch.ts";
import { intend } from "./intend.ts";
import type { LakeStore } from "./lake-store.ts";
import { listSnapshots } from "./list-snapshots.ts";
import { liveFiles } from "./live-files.ts";
import { newestOf } from "./newest-of.ts";
import { newestSnapshot } from "./newest-snapshot.ts";
import { pin } from "./pin.ts";
import { readProgress } from "./progress.ts";
import { publish } from "./publish.ts";
import { snapshotAt } from "./snapshot-at.ts";
import { snapshotById } from "./snapshot-by-id.ts";
import { unpin } from "./unpin.ts";
import { watchSnapshots } from "./watch-snapshots.ts";

/** The catalogue of the lake in PostgreSQL; the database stays its owner's. */
export function createPostgresLakeStore(db: Database): LakeStore {
  return {
    snapshot(tenantId, ref) {
      if ("snapshotId" in ref) return snapshotById(db, tenantId, ref.snapshotId);
      return "at" in ref ? snapshotAt(db, tenantId, ref.at) : newestSnapshot(db, tenantId);
    },
    filesOf: (snapshot, tableIds) => filesOf(db, snapshot, tableIds),
    listSnapshots: (tenantId, page) => listSnapshots(db, tenantId, page),
    pin: (tenantId, snapshotId, given) => pin(db, tenantId, snapshotId, given),
    unpin: (tenantId, snapshotId) => unpin(db, tenantId, snapshotId),
    progress: (tenantId) => readProgress(db, tenantId),
    newestOf: (tenantNos) => newestOf(db, tenantNos),
    watchSnapshots: (onSnapshot, onState) => watchSnapshots(db, onSnapshot, onState),
    intend: (intent) => intend(db, intent),
    publish: (change) => publish(db, change),
    findBatch: (batchId) => findBatch(db, batchId),
    liveFiles: (tableId) => liveFiles(db, tableId),
  };
}
