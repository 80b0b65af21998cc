import { type Ctx, requireScope } from "../context.ts";
import type { QueueWithSettings } from "./queue-json.ts";
import { queueNotFound, visibleQueueRef } from "./visible.ts";

/** One queue with counts by status and its settings. @throws FORBIDDEN, NOT_FOUND for a queue that never had a job or settings */
export async function getQueue(ctx: Ctx, input: { readonly queue: string }): Promise<QueueWithSettings> {
  requireScope(ctx, "jobs:read");
  return readQueue(ctx, input.queue);
}

/** The same without a look at scopes. @throws NOT_FOUND */
export async function readQueue(ctx: Pick<Ctx, "actor" | "store">, queue: string): Promise<QueueWithSettings> {
  const ref = visibleQueueRef(ctx, queue);
  const [[stats], settings] = await Promise.all([ctx.store.queueStats(ref), ctx.store.getQueueSettings(ref)]);
  if (stats === undefined) throw queueNotFound(queue);
  return { stats, settings };
}
