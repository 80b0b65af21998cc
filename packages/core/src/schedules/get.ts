import { type GetScheduleQuery, getScheduleQuerySchema } from "@millrace/contract";
import type { Schedule } from "@millrace/storage";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { type ScheduleCtx, findVisible } from "./context.ts";
import { readCron } from "./cron.ts";

export interface ScheduleWithRuns {
  readonly schedule: Schedule;
  /** The next ticks, of which the first may be due already; none while it is paused. */
  readonly nextRuns: readonly Date[];
}

/** One schedule with its next runs. @throws FORBIDDEN, VALIDATION_FAILED, NOT_FOUND */
export async function getSchedule(
  ctx: ScheduleCtx,
  input: { readonly name: string; readonly query: GetScheduleQuery },
): Promise<ScheduleWithRuns> {
  requireScope(ctx, "jobs:read");
  const { count } = parse(getScheduleQuerySchema, input.query);
  const { schedule } = await findVisible(ctx, input.name);
  return { schedule, nextRuns: nextRuns(schedule, count) };
}

function nextRuns({ cron, timeZone, nextAt }: Schedule, count: number): readonly Date[] {
  if (nextAt === null) return [];
  try {
    return [nextAt, ...(count > 1 ? readCron(cron, timeZone).next(count - 1, nextAt) : [])];
  } catch {
    // A zone that this platform doesn't know: the ticker will say so in `lastError`.
    return [nextAt];
  }
}
