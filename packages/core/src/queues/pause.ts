import { audit } from "../audit/audit.ts";
import { type Ctx, requireScope } from "../context.ts";
import { readQueue } from "./get.ts";
import type { QueueWithSettings } from "./queue-json.ts";

/** Lets no job of a queue start any more; those that run go on. @throws FORBIDDEN, NOT_FOUND */
export async function pauseQueue(ctx: Ctx, input: { readonly queue: string }): Promise<QueueWithSettings> {
  requireScope(ctx, "queues:admin");
  const { stats } = await readQueue(ctx, input.queue);
  const settings = await ctx.store.pauseQueue(stats);
  await audit(ctx, { action: "queue.pause", target: stats.queue });
  return { stats, settings };
}
