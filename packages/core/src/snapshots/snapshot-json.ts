import type { SnapshotJson } from "@millrace/contract";
import type { Snapshot } from "@millrace/storage";

/** A snapshot as JSON shows it. */
export function toSnapshotJson(snapshot: Snapshot): SnapshotJson {
  const { snapshotId, snapshotTime, watermark, kind, expired, pinned } = snapshot;
  return { snapshotId, snapshotTime: snapshotTime.toISOString(), watermark, kind, expired, pinned };
}
