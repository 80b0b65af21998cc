import { MillraceError, queueNameSchema } from "@millrace/contract";
import type { QueueRef } from "@millrace/storage";

import type { Ctx } from "../context.ts";

/** The queue as the store knows it. @throws NOT_FOUND for what is no queue name, or for a queue that the caller's key is not bound to */
export function visibleQueueRef(ctx: Pick<Ctx, "actor">, queue: string): QueueRef {
  const { tenantId, queues } = ctx.actor;
  if (!queueNameSchema.safeParse(queue).success || queues?.includes(queue) === false) throw queueNotFound(queue);
  return { tenantId, queue };
}

/** The error for a queue that isn't there. */
export function queueNotFound(queue: string): MillraceError {
  return new MillraceError("NOT_FOUND", `There is no queue ${JSON.stringify(queue)}.`);
}
