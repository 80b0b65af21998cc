import { audit } from "../audit/audit.ts";
import { requireScope } from "../context.ts";
import { type ScheduleCtx, scheduleNotFound, scheduleRef } from "./context.ts";

/** Deletes a schedule; jobs that it has enqueued stay. @throws FORBIDDEN, NOT_FOUND */
export async function deleteSchedule(ctx: ScheduleCtx, input: { readonly name: string }): Promise<void> {
  requireScope(ctx, "jobs:write");
  const deleted = await ctx.schedules.deleteSchedule(scheduleRef(ctx, input.name), ctx.actor.queues);
  if (!deleted) throw scheduleNotFound();
  await audit(ctx, { action: "schedule.delete", target: input.name });
}
