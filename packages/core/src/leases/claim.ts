import { type ClaimRequest, type ClaimResponse, claimRequestSchema } from "@millrace/contract";
import type { ClaimedJob } from "@millrace/storage";

import { requireQueue, requireScope } from "../context.ts";
import { toJobJson } from "../jobs/job-json.ts";
import { parse } from "../parse.ts";
import { stopping } from "../stopping.ts";
import type { LeaseCtx } from "./context.ts";

export interface ClaimAnswer {
  readonly claimed: readonly ClaimedJob[];
  /** The database's clock. */
  readonly serverTime: Date;
}

/**
 * Claims jobs of the caller's tenant, best first; with `waitMs` it waits for the first ones to come.
 * @throws FORBIDDEN, VALIDATION_FAILED, RATE_LIMITED, UNAVAILABLE, UNAUTHENTICATED when the key was revoked during the wait
 */
export async function claimJobs(ctx: LeaseCtx, input: ClaimRequest): Promise<ClaimAnswer> {
  requireScope(ctx, "jobs:work");
  const { waitMs, ...request } = parse(claimRequestSchema, input);
  for (const queue of request.queues) requireQueue(ctx, queue);
  await ctx.clock.ready();
  const wanted = { ...request, tenantId: ctx.actor.tenantId };
  const claimed =
    waitMs === 0
      ? await ctx.desk.claim(wanted)
      : await ctx.wait(async (signal) => {
          if (signal.aborted) throw stopping();
          return stillTheirs(ctx, await ctx.desk.claim(wanted, { waitMs, signal }));
        });
  for (const { job } of claimed) {
    if (job.lockedAt === null) continue;
    const waitedMs = job.lockedAt.getTime() - job.scheduledAt.getTime();
    ctx.metrics?.jobWaitSeconds.observe({ queue: job.queue }, waitedMs / 1_000);
  }
  return { claimed, serverTime: ctx.clock.now() };
}

/** What a wait has brought, unless its caller's key has been revoked meanwhile: then it is handed back. */
async function stillTheirs(ctx: LeaseCtx, claimed: readonly ClaimedJob[]): Promise<readonly ClaimedJob[]> {
  if (claimed.length === 0) return claimed;
  try {
    await ctx.checkKeyAgain();
  } catch (error) {
    ctx.desk.handBack(claimed);
    throw error;
  }
  return claimed;
}

/** A claim's answer as JSON. */
export function toClaimJson({ claimed, serverTime }: ClaimAnswer): ClaimResponse {
  return {
    items: claimed.map(({ job, leaseToken }) => {
      const shown = toJobJson(job);
      return { job: shown, leaseToken, leaseExpiresAt: shown.leaseExpiresAt ?? serverTime.toISOString() };
    }),
    serverTime: serverTime.toISOString(),
  };
}
