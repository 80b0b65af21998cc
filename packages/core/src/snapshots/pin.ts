import { MillraceError, type PinSnapshotRequest, pinSnapshotRequestSchema } from "@millrace/contract";
import type { Snapshot } from "@millrace/storage";

import { actorName, audit } from "../audit/audit.ts";
import { parse } from "../parse.ts";
import { present, requireKeeper, type SnapshotCtx, snapshotIdOf } from "./context.ts";

export interface PinInput {
  readonly id: string;
  readonly request: PinSnapshotRequest;
}

/** Keeps a snapshot from expiring; a second pin replaces the first. @throws FORBIDDEN, VALIDATION_FAILED, SNAPSHOT_NOT_FOUND, SNAPSHOT_EXPIRED */
export async function pinSnapshot(ctx: SnapshotCtx, { id, request }: PinInput): Promise<Snapshot> {
  requireKeeper(ctx);
  const { reason, expiresAt } = parse(pinSnapshotRequestSchema, request);
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) {
    throw new MillraceError("VALIDATION_FAILED", "The pin would have ended already.", {
      errors: [{ path: "expiresAt", code: "too_small", message: "A time in the future." }],
    });
  }
  const snapshot = present(
    await ctx.lake.pin(ctx.actor.tenantId, snapshotIdOf(id), {
      reason,
      createdBy: actorName(ctx.actor),
      expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    }),
  );
  await audit(ctx, { action: "snapshot.pin", target: id, detail: { reason, expiresAt: expiresAt ?? null } });
  return snapshot;
}
