import { audit } from "../audit/audit.ts";
import { type Ctx, requireScope } from "../context.ts";
import { readQueue } from "./get.ts";
import type { QueueWithSettings } from "./queue-json.ts";

/** Lets jobs of a queue start again, and wakes workers for them. @throws FORBIDDEN, NOT_FOUND */
export async function resumeQueue(ctx: Ctx, input: { readonly queue: string }): Promise<QueueWithSettings> {
  requireScope(ctx, "queues:admin");
  const { stats } = await readQueue(ctx, input.queue);
  const settings = await ctx.store.resumeQueue(stats);
  await audit(ctx, { action: "queue.resume", target: stats.queue });
  return { stats, settings };
}
