import { createHash } from "node:crypto";

import type { z } from "zod";

import { type Json, MillraceError, type enqueueRequestSchema, limits } from "@millrace/contract";
import type { NewJob } from "@millrace/storage";

import { canonicalJson } from "../canonical-json.ts";
import { type Ctx, requireQueue } from "../context.ts";
import { requireNotReserved } from "./reserved.ts";

/** A parsed request as the store takes it. @throws FORBIDDEN, VALIDATION_FAILED for a payload over its limit */
export function newJob(ctx: Ctx, request: z.output<typeof enqueueRequestSchema>, path = ""): NewJob {
  requireQueue(ctx, request.queue);
  requireNotReserved(ctx, request);
  return {
    tenantId: ctx.actor.tenantId,
    queue: request.queue,
    type: request.type,
    payload: storedPayload(request.payload, `${path}payload`),
    priority: request.priority,
    maxAttempts: request.maxAttempts,
    retry: request.retry,
    timeoutMs: request.timeoutMs,
    scheduledAt: request.scheduledAt === undefined ? undefined : new Date(request.scheduledAt),
    delayMs: request.delayMs,
    idempotencyKey: request.idempotencyKey,
    requestHash: request.idempotencyKey === undefined ? undefined : requestHash(request),
    onDuplicate: request.onDuplicate,
    keyWindowMs: request.idempotencyWindowMs,
    concurrencyKey: request.concurrencyKey,
    dependsOn: request.dependsOn,
    onDependencyFailure: request.onDependencyFailure,
    tags: request.tags,
    traceparent: ctx.traceparent,
    traceId: ctx.traceparent?.split("-")[1] === ctx.traceId ? undefined : ctx.traceId,
  };
}

/** A payload as JSON text. @throws VALIDATION_FAILED when it is over its limit */
export function storedPayload(payload: Json, path: string, bytesMax: number = limits.payloadBytesMax): string {
  const text = JSON.stringify(payload);
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  throw new MillraceError("VALIDATION_FAILED", "The payload is too large.", {
    errors: [
      {
        path,
        code: "too_big",
        message: `The payload has ${bytes} bytes; at most ${bytesMax} are allowed.`,
      },
    ],
  });
}

/** Fields that say how to treat a request, and nothing of the job that it asks for. */
const notOfTheJob = { onDuplicate: undefined, idempotencyWindowMs: undefined, ref: undefined } as const;

/** SHA-256 of the request's canonical JSON: the same request however its keys were ordered. */
function requestHash(request: object): string {
  return createHash("sha256")
    .update(canonicalJson({ ...request, ...notOfTheJob } as unknown as Json))
    .digest("base64url");
}
