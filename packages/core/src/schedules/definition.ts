import { isDeepStrictEqual } from "node:util";

import type { z } from "zod";

import { MillraceError, type putScheduleRequestSchema, scheduleLimits } from "@millrace/contract";
import type { Schedule, ScheduleDefinition } from "@millrace/storage";

import { type Ctx, requireQueue } from "../context.ts";
import { storedPayload } from "../jobs/new-job.ts";
import { requireNotReserved } from "../jobs/reserved.ts";
import { readCron } from "./cron.ts";

/** A parsed request as the store takes it. @throws FORBIDDEN, VALIDATION_FAILED for a payload over its limit */
export function toDefinition(
  ctx: Pick<Ctx, "actor">,
  request: z.output<typeof putScheduleRequestSchema>,
): ScheduleDefinition {
  const { cron, timeZone, misfirePolicy, paused } = request;
  const { queue, type, ...job } = request.job;
  requireQueue(ctx, queue);
  requireNotReserved(ctx, { type, queue });
  storedPayload(job.payload, "job.payload", scheduleLimits.payloadBytesMax);
  return { cron, timeZone, misfirePolicy, paused, queue, type, job };
}

/** What the audit log says of a definition: never the payload. */
export function auditDetail({ cron, timeZone, misfirePolicy, paused, queue, type }: ScheduleDefinition): object {
  return { cron, timeZone, misfirePolicy, paused, queue, type };
}

/** Whether this is what the schedule says already. */
export function isSame(schedule: Schedule, definition: ScheduleDefinition): boolean {
  const { cron, timeZone, misfirePolicy, paused, queue, type, job } = schedule;
  // As it comes back from the database: without members that are undefined.
  const stored: unknown = JSON.parse(JSON.stringify(definition));
  return isDeepStrictEqual({ cron, timeZone, misfirePolicy, paused, queue, type, job }, stored);
}

/**
 * The next tick of a schedule that gets this definition now. One that keeps its times keeps its tick, also one that is due already;
 * and none is named again that has fired. @throws VALIDATION_FAILED when there is none
 */
export function nextTick(definition: ScheduleDefinition, now: Date, before?: Schedule): Date | null {
  const { cron, timeZone, paused } = definition;
  if (paused) return null;
  if (before !== undefined && before.nextAt !== null && before.cron === cron && before.timeZone === timeZone) {
    return before.nextAt;
  }
  const lastAt = before?.lastAt ?? now;
  const next = readCron(cron, timeZone).after(lastAt > now ? lastAt : now);
  if (next !== null) return next;
  throw new MillraceError("VALIDATION_FAILED", "The schedule never fires.", {
    errors: [{ path: "cron", code: "never_fires", message: "It never fires in this time zone." }],
  });
}
