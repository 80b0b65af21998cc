import { type ListSnapshotsQuery, listSnapshotsQuerySchema } from "@millrace/contract";
import type { Snapshot } from "@millrace/storage";

import { decodeCursor, encodeCursor } from "../cursor.ts";
import { parse } from "../parse.ts";
import { requireReader, type SnapshotCtx } from "./context.ts";

const filter = { list: "snapshots" };
const idPosition = /^\d{1,16}$/;

export interface SnapshotPage {
  readonly snapshots: readonly Snapshot[];
  readonly nextCursor: string | null;
}

/** A page of the tenant's snapshots, newest first. @throws FORBIDDEN, VALIDATION_FAILED */
export async function listSnapshots(ctx: SnapshotCtx, input: ListSnapshotsQuery): Promise<SnapshotPage> {
  requireReader(ctx);
  const { cursor, limit } = parse(listSnapshotsQuerySchema, input);
  const before = cursor === undefined ? undefined : Number(decodeCursor(cursor, filter, idPosition));
  const snapshots = await ctx.lake.listSnapshots(ctx.actor.tenantId, { before, limit });
  const last = snapshots.length < limit ? undefined : snapshots.at(-1);
  return { snapshots, nextCursor: last === undefined ? null : encodeCursor(String(last.snapshotId), filter) };
}
