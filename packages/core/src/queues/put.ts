import { type QueueSettingsRequest, queueSettingsRequestSchema } from "@millrace/contract";

import { audit } from "../audit/audit.ts";
import { type Ctx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { readQueue } from "./get.ts";
import type { QueueWithSettings } from "./queue-json.ts";
import { visibleQueueRef } from "./visible.ts";

/**
 * Replaces the settings of a queue, which need not have had a job yet; whether it is paused stays as it is.
 * @throws FORBIDDEN, VALIDATION_FAILED, NOT_FOUND for a queue that the key is not bound to
 */
export async function putQueue(
  ctx: Ctx,
  input: { readonly queue: string; readonly settings: QueueSettingsRequest },
): Promise<QueueWithSettings> {
  requireScope(ctx, "queues:admin");
  const settings = parse(queueSettingsRequestSchema, input.settings);
  const ref = visibleQueueRef(ctx, input.queue);
  await ctx.store.putQueueSettings(ref, settings);
  await audit(ctx, { action: "queue.change", target: ref.queue, detail: input.settings });
  return readQueue(ctx, ref.queue);
}
