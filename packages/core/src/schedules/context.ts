import { MillraceError, scheduleNameSchema } from "@millrace/contract";
import type { Schedule, ScheduleRef, ScheduleStore } from "@millrace/storage";

import type { Ctx } from "../context.ts";

/** What the use cases of schedules need besides. */
export interface ScheduleCtx extends Ctx {
  readonly schedules: ScheduleStore;
}

/** What names a schedule in the store. Text that is no name names no schedule. @throws NOT_FOUND */
export function scheduleRef(ctx: Pick<Ctx, "actor">, name: string): ScheduleRef {
  if (!scheduleNameSchema.safeParse(name).success) throw scheduleNotFound();
  return { tenantId: ctx.actor.tenantId, name };
}

/** The schedule and the database's now. One of a queue that the key is not bound to does not exist for it. @throws NOT_FOUND */
export async function findVisible(
  ctx: ScheduleCtx,
  name: string,
): Promise<{ readonly now: Date; readonly schedule: Schedule }> {
  const { now, schedule } = await ctx.schedules.findSchedule(scheduleRef(ctx, name));
  if (schedule === undefined || !isVisible(ctx, schedule)) throw scheduleNotFound();
  return { now, schedule };
}

/** Whether the key may know of this schedule. */
export function isVisible(ctx: Pick<Ctx, "actor">, schedule: Schedule): boolean {
  return ctx.actor.queues?.includes(schedule.queue) ?? true;
}

/** The error for a schedule that is not there. */
export function scheduleNotFound(): MillraceError {
  return new MillraceError("NOT_FOUND", "There is no such schedule.");
}

/** The error for a name that is taken. */
export function scheduleExists(name: string): MillraceError {
  return new MillraceError("ALREADY_EXISTS", `There is a schedule ${JSON.stringify(name)} already.`);
}
