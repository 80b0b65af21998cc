import {
  MillraceError,
  type PutScheduleRequest,
  createScheduleRequestSchema,
  putScheduleRequestSchema,
} from "@millrace/contract";
import type { Schedule } from "@millrace/storage";

import { audit } from "../audit/audit.ts";
import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { checkPayloads } from "../schemas/check-payloads.ts";
import { type ScheduleCtx, isVisible, scheduleExists } from "./context.ts";
import { auditDetail, isSame, nextTick, toDefinition } from "./definition.ts";
import { parseSchedule } from "./parse-schedule.ts";

/** How often to try again when the schedule ticks or is changed at that very moment. */
const triesMax = 10;

/**
 * Makes a schedule, or replaces what it says; saying the same again changes nothing. A new expression, zone or an end of its pause counts
 * its next tick from now. @throws FORBIDDEN, VALIDATION_FAILED, ALREADY_EXISTS for a name that another queue's schedule has
 */
export async function putSchedule(
  ctx: ScheduleCtx,
  input: { readonly name: string; readonly request: PutScheduleRequest },
): Promise<{ readonly schedule: Schedule; readonly created: boolean }> {
  requireScope(ctx, "jobs:write");
  const { name } = parse(createScheduleRequestSchema.pick({ name: true }), { name: input.name });
  const definition = toDefinition(ctx, parseSchedule(putScheduleRequestSchema, input.request));
  await checkPayloads(ctx, [{ type: definition.type, payload: definition.job.payload, path: "job.payload" }]);
  const ref = { tenantId: ctx.actor.tenantId, name };
  for (let tries = 0; tries < triesMax; tries++) {
    const { now, schedule: before } = await ctx.schedules.findSchedule(ref);
    if (before !== undefined && !isVisible(ctx, before)) throw scheduleExists(name);
    if (before !== undefined && isSame(before, definition)) return { schedule: before, created: false };
    const wanted = { ...ref, ...definition, nextAt: nextTick(definition, now, before) };
    const schedule =
      before === undefined
        ? await ctx.schedules.createSchedule(wanted)
        : await ctx.schedules.replaceSchedule(before, wanted);
    if (schedule === undefined) continue;
    const action = before === undefined ? "schedule.create" : "schedule.change";
    await audit(ctx, { action, target: name, detail: auditDetail(definition) });
    return { schedule, created: before === undefined };
  }
  throw new MillraceError("UNAVAILABLE", "The schedule keeps changing; try again.", { retryAfterMs: 100 });
}
