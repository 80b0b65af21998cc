import { type IngestResponse, MillraceError, ingestLimits } from "@millrace/contract";

import type { IngestCtx } from "./context.ts";
import type { Tally } from "./tally.ts";

export interface WaitRequest {
  readonly waitForVisibility?: boolean | undefined;
  readonly visibilityTimeoutMs?: number | undefined;
}

/** Refuses to wait where nobody can tell, before anything is stored. @throws VALIDATION_FAILED */
export function requireVisibility(ctx: IngestCtx, { waitForVisibility }: WaitRequest): void {
  if (waitForVisibility !== true || ctx.visibility !== undefined) return;
  throw new MillraceError("VALIDATION_FAILED", "This server can't tell when events can be queried.", {
    errors: [{ path: "waitForVisibility", code: "not_available", message: "Leave it out: this server has no lake." }],
  });
}

/** The answer to a request that is stored; waits first until all of it can be queried, where that is asked for. */
export async function answerWhenVisible(
  ctx: IngestCtx,
  tenantNo: number,
  tally: Tally,
  { waitForVisibility, visibilityTimeoutMs }: WaitRequest,
): Promise<IngestResponse> {
  const told = tally.toJson();
  if (tally.offset === 0) return { ...told, status: "rejected" };
  if (waitForVisibility !== true) return { ...told, status: "accepted" };
  const timeoutMs = visibilityTimeoutMs ?? ingestLimits.visibilityTimeoutMsDefault;
  // It is stored, whatever comes of the wait.
  const snapshot = await ctx.visibility?.wait(tenantNo, tally.offset, timeoutMs, ctx.signal).catch(() => undefined);
  if (snapshot === undefined) return { ...told, status: "accepted" };
  return { ...told, status: "visible", snapshotId: snapshot.snapshotId };
}
