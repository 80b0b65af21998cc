import type { Database } from "../database.ts";
import type { Statement } from "../executor.ts";
import type { Snapshot } from "./lake-store.ts";
import { lockProgress } from "./lock-progress.ts";
import { snapshotById } from "./snapshot-by-id.ts";

export interface Pin {
  readonly reason: string;
  readonly createdBy: string;
  readonly expiresAt: Date | undefined;
}

/**
 * Runs under the row of the tenant's progress, as expiry does: a snapshot is either pinned before expiry looks, or expired before the pin does.
 * A second pin replaces the first.
 */
const pinStatement: Statement = {
  name: "lake.pin",
  text: `
insert into millrace.lake_pins (tenant_no, snapshot_id, reason, created_by, expires_at)
values ($1::bigint, $2::bigint, $3::text, $4::text, $5::timestamptz)
on conflict (tenant_no, snapshot_id) do update
set reason = excluded.reason, created_by = excluded.created_by, created_at = now(), expires_at = excluded.expires_at`,
};

/** Keeps a snapshot from expiring; undefined where there is none of this id. */
export function pin(
  db: Database,
  tenantId: string,
  snapshotId: number,
  { reason, createdBy, expiresAt }: Pin,
): Promise<Snapshot | "expired" | undefined> {
  return db.withTransaction(async (tx) => {
    const locked = await lockProgress(tx, { tenantId });
    const snapshot = await snapshotById(tx, tenantId, snapshotId);
    if (locked === undefined || snapshot === undefined || snapshotId === 0) return undefined;
    if (snapshot.expired) return "expired";
    await tx.query(pinStatement, [locked.tenantNo, snapshotId, reason, createdBy, expiresAt ?? null]);
    return snapshotById(tx, tenantId, snapshotId);
  });
}
