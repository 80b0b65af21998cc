import type { QueueStats } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";

/** Every queue the tenant has used, with counts by status; a key sees the queues it is bound to. @throws FORBIDDEN */
export async function listQueues(ctx: Ctx): Promise<readonly QueueStats[]> {
  requireScope(ctx, "jobs:read");
  const stats = await ctx.store.queueStats({ tenantId: ctx.actor.tenantId });
  return stats.filter(({ queue }) => ctx.actor.queues?.includes(queue) ?? true);
}
