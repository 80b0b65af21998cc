import { type CreateScheduleRequest, createScheduleRequestSchema } from "@millrace/contract";
import type { Schedule } from "@millrace/storage";

import { audit } from "../audit/audit.ts";
import { requireScope } from "../context.ts";
import { checkPayloads } from "../schemas/check-payloads.ts";
import { type ScheduleCtx, scheduleExists, scheduleRef } from "./context.ts";
import { auditDetail, nextTick, toDefinition } from "./definition.ts";
import { parseSchedule } from "./parse-schedule.ts";

/** Makes a schedule. @throws FORBIDDEN, VALIDATION_FAILED, ALREADY_EXISTS */
export async function createSchedule(ctx: ScheduleCtx, input: CreateScheduleRequest): Promise<Schedule> {
  requireScope(ctx, "jobs:write");
  const { name, ...request } = parseSchedule(createScheduleRequestSchema, input);
  const definition = toDefinition(ctx, request);
  await checkPayloads(ctx, [{ type: definition.type, payload: definition.job.payload, path: "job.payload" }]);
  const ref = scheduleRef(ctx, name);
  const { now, schedule } = await ctx.schedules.findSchedule(ref);
  const made =
    schedule === undefined
      ? await ctx.schedules.createSchedule({ ...ref, ...definition, nextAt: nextTick(definition, now) })
      : undefined;
  if (made === undefined) throw scheduleExists(name);
  await audit(ctx, { action: "schedule.create", target: name, detail: auditDetail(definition) });
  return made;
}
