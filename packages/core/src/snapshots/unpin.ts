import { audit } from "../audit/audit.ts";
import { requireKeeper, type SnapshotCtx, snapshotIdOf, snapshotNotFound } from "./context.ts";

/** Lets a snapshot expire again; one without a pin is left as it is. @throws FORBIDDEN, SNAPSHOT_NOT_FOUND */
export async function unpinSnapshot(ctx: SnapshotCtx, { id }: { readonly id: string }): Promise<void> {
  requireKeeper(ctx);
  const snapshotId = snapshotIdOf(id);
  const { tenantId } = ctx.actor;
  if ((await ctx.lake.snapshot(tenantId, { snapshotId })) === undefined) throw snapshotNotFound();
  if (await ctx.lake.unpin(tenantId, snapshotId)) await audit(ctx, { action: "snapshot.unpin", target: id });
}
