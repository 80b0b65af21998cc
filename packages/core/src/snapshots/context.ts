import { MillraceError } from "@millrace/contract";
import type { LakeStore, Snapshot } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";

/** Everything ambient of the use cases of snapshots. */
export interface SnapshotCtx extends Pick<Ctx, "actor" | "audit"> {
  readonly lake: Pick<LakeStore, "snapshot" | "listSnapshots" | "pin" | "unpin">;
}

/** Who may query may know of snapshots. @throws FORBIDDEN */
export function requireReader(ctx: SnapshotCtx): void {
  requireScope(ctx, "query:read");
}

/** Pins keep files of all tables. @throws FORBIDDEN */
export function requireKeeper(ctx: SnapshotCtx): void {
  requireScope(ctx, "tables:admin");
  if (ctx.actor.tables !== undefined) {
    throw new MillraceError("FORBIDDEN", "This API key is bound to tables; a snapshot is of the whole tenant.");
  }
}

/** A snapshot's id as it stands in a path. @throws SNAPSHOT_NOT_FOUND */
export function snapshotIdOf(text: string): number {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw snapshotNotFound();
  return id;
}

/** The error for a snapshot that is not there. */
export function snapshotNotFound(): MillraceError {
  return new MillraceError("SNAPSHOT_NOT_FOUND", "There is no such snapshot.");
}

/** The snapshot that was asked for. @throws SNAPSHOT_NOT_FOUND, SNAPSHOT_EXPIRED */
export function present(snapshot: Snapshot | "expired" | undefined): Snapshot {
  if (snapshot === undefined) throw snapshotNotFound();
  if (snapshot === "expired") throw new MillraceError("SNAPSHOT_EXPIRED", "The snapshot is no longer kept.");
  return snapshot;
}
