import { inSpan, isTracing, messagingSystem, noSpan, type Span, spanAttributes } from "@millrace/telemetry";

import type { Ctx } from "../context.ts";

/** What a span says of the jobs that are sent in it. */
export interface Sent {
  readonly queue: string;
  readonly type: string;
}

/**
 * Enqueues jobs in a span. The context that `send` gets carries that span, and its jobs keep it: what becomes of them, in whatever process, hangs
 * below it. Where nothing is traced it is just `send`.
 */
export function inSendSpan<Result>(
  ctx: Ctx,
  jobs: readonly Sent[],
  send: (ctx: Ctx, span: Span) => Promise<Result>,
): Promise<Result> {
  if (!isTracing()) return send(ctx, noSpan);
  const queue = shared(jobs.map((job) => job.queue));
  const attributes = {
    [spanAttributes.messagingSystem]: messagingSystem,
    [spanAttributes.messagingOperationName]: "send",
    [spanAttributes.messagingOperationType]: "send",
    [spanAttributes.messagingDestinationName]: queue,
    [spanAttributes.messagingBatchMessageCount]: jobs.length > 1 ? jobs.length : undefined,
    [spanAttributes.dbSystemName]: "postgresql",
    [spanAttributes.millraceTenant]: ctx.actor.tenantId,
    [spanAttributes.millraceJobType]: shared(jobs.map((job) => job.type)),
  };
  const name = queue === undefined ? "send" : `send ${queue}`;
  return inSpan(name, { kind: "producer", parent: ctx.traceparent, attributes }, (span) =>
    send({ ...ctx, traceparent: span.traceparent ?? ctx.traceparent }, span),
  );
}

/** What all of them are; undefined where they differ. */
function shared([first, ...others]: readonly string[]): string | undefined {
  return others.every((other) => other === first) ? first : undefined;
}
