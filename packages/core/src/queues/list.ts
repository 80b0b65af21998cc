import { type ListQueuesQuery, listQueuesQuerySchema } from "@millrace/contract";
import type { QueueStats } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { decodeNameCursor, encodeNameCursor } from "../cursor.ts";
import { parse } from "../parse.ts";

export interface QueueList {
  readonly queues: readonly QueueStats[];
  readonly nextCursor: string | null;
}

/** A page of the queues that the tenant has used, by name, with counts by status; a key sees the queues it is bound to. @throws FORBIDDEN, VALIDATION_FAILED */
export async function listQueues(ctx: Ctx, input: ListQueuesQuery): Promise<QueueList> {
  requireScope(ctx, "jobs:read");
  const { limit, cursor } = parse(listQueuesQuerySchema, input);
  const filter = { list: "queues" };
  const found = await ctx.store.queueStats({
    tenantId: ctx.actor.tenantId,
    queues: ctx.actor.queues,
    afterQueue: cursor === undefined ? undefined : decodeNameCursor(cursor, filter),
    limit: limit + 1,
  });
  const queues = found.slice(0, limit);
  const last = queues.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return { queues, nextCursor: isMore ? encodeNameCursor(last.queue, filter) : null };
}
