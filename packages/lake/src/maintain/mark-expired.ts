import type { LakeUpkeep } from "@millrace/storage";

export interface MarkExpired {
  readonly tenantNo: number;
  /** How long a snapshot can be queried after it was the newest. */
  readonly retentionMs: number;
}

const snapshotsAtOnce = 1_000;

/** Lets old snapshots expire and marks the files that none is left of, batch by batch; deletes nothing. Ends early when `signal` fires. @throws UNAVAILABLE */
export async function markExpired(
  upkeep: Pick<LakeUpkeep, "expire">,
  { tenantNo, retentionMs }: MarkExpired,
  signal?: AbortSignal,
): Promise<{ readonly snapshots: number; readonly files: number }> {
  const marked = { snapshots: 0, files: 0 };
  while (signal?.aborted !== true) {
    const { snapshots, files } = await upkeep.expire({ tenantNo, retentionMs, limit: snapshotsAtOnce });
    marked.snapshots += snapshots;
    marked.files += files;
    if (snapshots < snapshotsAtOnce && files < snapshotsAtOnce) break;
  }
  return marked;
}
