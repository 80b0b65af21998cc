import type { LakeUpkeep, ObjectStore } from "@millrace/storage";

import { markExpired } from "./mark-expired.ts";
import type { MaintainStep } from "./rewrite-files.ts";

export interface ExpireContext {
  readonly upkeep: LakeUpkeep;
  readonly objects: Pick<ObjectStore, "delete">;
  readonly onStep: (step: MaintainStep) => Promise<void> | void;
}

export interface ExpireSettings {
  /** How long a snapshot can be queried after it was the newest. */
  readonly snapshotRetentionMs: number;
  /** Time from the expiry of a file's last snapshot to its deletion. */
  readonly graceMs: number;
}

/** What the end of old snapshots has come to. */
export interface ExpireReport {
  readonly snapshotsExpired: number;
  readonly filesMarked: number;
  readonly filesDeleted: number;
  readonly rowsForgotten: number;
  /** False after a restore, until everything was checked: nothing is deleted. */
  readonly sweeping: boolean;
}

const rowsAtOnce = 1_000;
const filesAtOnce = 500;
/** Of what has expired or is deleted the catalogue's rows stay for a day: for whoever looks why. */
const keptMs = 86_400_000;

/**
 * Lets a tenant's old snapshots expire, and deletes the files that none is left of. Three steps, each of which can be done again: a file is marked, its
 * object is deleted when the grace has passed, and then its row says so. Ends early when `signal` fires. @throws UNAVAILABLE
 */
export async function expireLake(
  { upkeep, objects, onStep }: ExpireContext,
  tenantNo: number,
  { snapshotRetentionMs: retentionMs, graceMs }: ExpireSettings,
  signal?: AbortSignal,
): Promise<ExpireReport> {
  const report = { snapshotsExpired: 0, filesMarked: 0, filesDeleted: 0, rowsForgotten: 0, sweeping: true };
  const goesOn = () => signal?.aborted !== true;
  const marked = await markExpired(upkeep, { tenantNo, retentionMs }, signal);
  report.snapshotsExpired = marked.snapshots;
  report.filesMarked = marked.files;
  while (goesOn()) {
    report.sweeping = await upkeep.isSweeping();
    if (!report.sweeping) return report;
    const files = await upkeep.deletable({ tenantNo, graceMs, limit: filesAtOnce });
    if (files.length > 0) {
      await objects.delete(files.map(({ path }) => path));
      await onStep("deleted");
      await upkeep.markDeleted(files.map(({ fileId }) => fileId));
    }
    report.filesDeleted += files.length;
    if (files.length < filesAtOnce) break;
  }
  while (goesOn()) {
    const forgotten = await upkeep.forget({ tenantNo, retentionMs, keptMs, limit: rowsAtOnce });
    report.rowsForgotten += forgotten;
    if (forgotten < rowsAtOnce) break;
  }
  return report;
}
