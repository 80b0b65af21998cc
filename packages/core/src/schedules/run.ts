import { scheduleTag } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { audit } from "../audit/audit.ts";
import { requireScope } from "../context.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { type ScheduleCtx, findVisible } from "./context.ts";

/** Enqueues the schedule's job once, now; its ticks stay where they are, and it may be paused. @throws FORBIDDEN, NOT_FOUND, and as `enqueue` */
export async function runSchedule(ctx: ScheduleCtx, input: { readonly name: string }): Promise<Job> {
  requireScope(ctx, "jobs:write");
  const { schedule } = await findVisible(ctx, input.name);
  const { queue, type, job, name } = schedule;
  const { job: enqueued } = await enqueue(ctx, { ...job, queue, type, tags: [...job.tags, scheduleTag(name)] });
  await audit(ctx, { action: "schedule.run", target: name, detail: { job: enqueued.id } });
  return enqueued;
}
