import type { Database } from "../database.ts";
import { snapshotChannel } from "./columns.ts";

export interface PublishedSnapshot {
  readonly tenantNo: number;
  readonly snapshotId: number;
  readonly watermark: number;
}

/** Calls back for every snapshot that is committed while it listens. */
export function watchSnapshots(
  db: Database,
  onSnapshot: (published: PublishedSnapshot) => void,
  onState: (connected: boolean) => void,
): Promise<{ close(): Promise<void> }> {
  return db.listen(
    snapshotChannel,
    (payload) => {
      const published = decodeSnapshot(payload);
      if (published !== undefined) onSnapshot(published);
    },
    onState,
  );
}

/** Anybody may notify on the channel; what isn't ours is no snapshot. */
function decodeSnapshot(payload: string): PublishedSnapshot | undefined {
  const [tenantNo, snapshotId, watermark] = payload.split(":").map(Number);
  if (tenantNo === undefined || snapshotId === undefined || watermark === undefined) return undefined;
  return [tenantNo, snapshotId, watermark].every(Number.isSafeInteger)
    ? { tenantNo, snapshotId, watermark }
    : undefined;
}
