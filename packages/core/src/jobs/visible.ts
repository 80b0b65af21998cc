import { MillraceError } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import type { Ctx } from "../context.ts";

/** A job of a queue that the key is not bound to does not exist for it. @throws JOB_NOT_FOUND */
export function requireVisible(ctx: Ctx, job: Job): void {
  if (ctx.actor.queues !== undefined && !ctx.actor.queues.includes(job.queue)) {
    throw new MillraceError("JOB_NOT_FOUND", `There is no job ${job.id}.`);
  }
}

/** Checks the job's queue before a change, where the key is bound to queues. @throws JOB_NOT_FOUND */
export async function requireVisibleId(ctx: Ctx, id: string): Promise<void> {
  if (ctx.actor.queues === undefined) return;
  requireVisible(ctx, await ctx.store.getJob({ tenantId: ctx.actor.tenantId, id }));
}
