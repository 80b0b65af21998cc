import { type PreviewScheduleRequest, previewScheduleRequestSchema } from "@millrace/contract";

import { type Ctx, requireScope } from "../context.ts";
import { readCron } from "./cron.ts";
import { parseSchedule } from "./parse-schedule.ts";

/** When a cron expression fires next; nothing is stored. @throws FORBIDDEN, VALIDATION_FAILED */
export function previewSchedule(ctx: Pick<Ctx, "actor">, input: PreviewScheduleRequest): readonly Date[] {
  requireScope(ctx, "jobs:read");
  const { cron, timeZone, count, from } = parseSchedule(previewScheduleRequestSchema, input);
  return readCron(cron, timeZone).next(count, from === undefined ? new Date() : new Date(from));
}
