import { MillraceError, uuidSchema } from "@millrace/contract";
import type { Job, JobRef } from "@millrace/storage";

import type { Ctx } from "../context.ts";

/** What names a job in the store. Text that is no id names no job. @throws JOB_NOT_FOUND */
export function jobRef(ctx: Ctx, id: string): JobRef {
  if (!uuidSchema.safeParse(id).success) throw new MillraceError("JOB_NOT_FOUND", "There is no such job.");
  return { tenantId: ctx.actor.tenantId, id };
}

/** A job of a queue that the key is not bound to does not exist for it. @throws JOB_NOT_FOUND */
export function requireVisible(ctx: Ctx, job: Job): void {
  if (ctx.actor.queues !== undefined && !ctx.actor.queues.includes(job.queue)) {
    throw new MillraceError("JOB_NOT_FOUND", `There is no job ${job.id}.`);
  }
}

/** What names a job that is to be changed; its queue is checked where the key is bound to queues. @throws JOB_NOT_FOUND */
export async function visibleJobRef(ctx: Ctx, id: string): Promise<JobRef> {
  const ref = jobRef(ctx, id);
  if (ctx.actor.queues !== undefined) requireVisible(ctx, await ctx.store.getJob(ref));
  return ref;
}
