import type { Snapshot } from "@millrace/storage";

import { present, requireReader, type SnapshotCtx, snapshotIdOf } from "./context.ts";

/** A snapshot of the tenant, an expired one too. @throws FORBIDDEN, SNAPSHOT_NOT_FOUND */
export async function getSnapshot(ctx: SnapshotCtx, { id }: { readonly id: string }): Promise<Snapshot> {
  requireReader(ctx);
  return present(await ctx.lake.snapshot(ctx.actor.tenantId, { snapshotId: snapshotIdOf(id) }));
}
