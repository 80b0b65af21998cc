import { MillraceError, queueNameSchema } from "@millrace/contract";
import type { QueueStats } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";

/** One queue with counts by status. @throws FORBIDDEN, NOT_FOUND for a queue that never had a job */
export async function getQueue(ctx: Ctx, input: { readonly queue: string }): Promise<QueueStats> {
  requireScope(ctx, "jobs:read");
  const visible = queueNameSchema.safeParse(input.queue).success && (ctx.actor.queues?.includes(input.queue) ?? true);
  const [stats] = visible ? await ctx.store.queueStats({ tenantId: ctx.actor.tenantId, queue: input.queue }) : [];
  if (stats === undefined) throw new MillraceError("NOT_FOUND", `There is no queue ${JSON.stringify(input.queue)}.`);
  return stats;
}
