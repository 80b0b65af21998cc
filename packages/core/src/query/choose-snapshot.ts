import { MillraceError } from "@millrace/contract";
import type { Snapshot } from "@millrace/storage";

import { decodeVisibilityToken, encodeVisibilityToken } from "../ingest/visibility-token.ts";
import type { QueryCtx } from "./context.ts";

export interface SnapshotChoice {
  readonly snapshotId?: number | undefined;
  readonly snapshotTime?: string | undefined;
  readonly minVisibilityToken?: string | undefined;
  readonly consistencyTimeoutMs?: number | undefined;
}

/**
 * The snapshot that a query runs on: one by id or time, one that holds what a token stands for, or the newest; undefined for a tenant without tables.
 * @throws SNAPSHOT_NOT_FOUND, SNAPSHOT_EXPIRED, VISIBILITY_TOKEN_INVALID, TOKEN_SCOPE_MISMATCH, CONSISTENCY_TIMEOUT, VALIDATION_FAILED
 */
export async function chooseSnapshot(ctx: QueryCtx, choice: SnapshotChoice): Promise<Snapshot | undefined> {
  const { tenantId } = ctx.actor;
  const { minVisibilityToken, snapshotId, snapshotTime } = choice;
  if (minVisibilityToken !== undefined) return usable(await atToken(ctx, minVisibilityToken, choice));
  if (snapshotId === undefined && snapshotTime === undefined) return ctx.lake.snapshot(tenantId, { newest: true });
  const ref = snapshotId === undefined ? { at: new Date(snapshotTime ?? 0) } : { snapshotId };
  return usable(await ctx.lake.snapshot(tenantId, ref));
}

/** The first snapshot that is seen to hold the token's offset: a later one may lack nothing of it, and neither may this one. */
async function atToken(ctx: QueryCtx, token: string, choice: SnapshotChoice): Promise<Snapshot | undefined> {
  const { tenantId } = ctx.actor;
  const offset = decodeVisibilityToken(tenantId, token);
  const progress = await ctx.lake.progress(tenantId);
  if (progress === undefined || offset > progress.head) {
    throw new MillraceError("VISIBILITY_TOKEN_INVALID", "No ingest has given this visibilityToken.");
  }
  const timeoutMs = choice.consistencyTimeoutMs ?? ctx.limits.consistencyTimeoutMs;
  const startedMs = performance.now();
  const seen = await ctx.visibility.wait(progress.tenantNo, offset, timeoutMs, ctx.signal);
  ctx.metrics?.queryBarrierSeconds.observe((performance.now() - startedMs) / 1_000);
  ctx.signal?.throwIfAborted();
  if (seen !== undefined) return ctx.lake.snapshot(tenantId, { snapshotId: seen.snapshotId });
  const latest = (await ctx.lake.progress(tenantId))?.watermark ?? 0;
  throw new MillraceError(
    "CONSISTENCY_TIMEOUT",
    `What the token stands for could not be queried within ${timeoutMs} ms.`,
    {
      retryAfterMs: 1_000,
      extensions: {
        requestedOffset: offset,
        watermark: latest,
        latestVisibilityToken: encodeVisibilityToken(tenantId, latest),
      },
    },
  );
}

function usable(snapshot: Snapshot | undefined): Snapshot {
  if (snapshot === undefined) throw new MillraceError("SNAPSHOT_NOT_FOUND", "There is no such snapshot.");
  if (snapshot.expired) {
    throw new MillraceError("SNAPSHOT_EXPIRED", `The snapshot ${snapshot.snapshotId} is no longer kept.`);
  }
  return snapshot;
}
