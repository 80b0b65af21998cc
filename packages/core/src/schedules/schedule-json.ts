import type { ScheduleJson, ScheduleWithRunsJson } from "@millrace/contract";
import type { Schedule } from "@millrace/storage";

import type { ScheduleWithRuns } from "./get.ts";

/** A schedule as JSON shows it: without tenant and revision. */
export function toScheduleJson(schedule: Schedule): ScheduleJson {
  const { queue, type, job } = schedule;
  return {
    name: schedule.name,
    cron: schedule.cron,
    timeZone: schedule.timeZone,
    misfirePolicy: schedule.misfirePolicy,
    paused: schedule.paused,
    job: { type, queue, ...job, tags: [...job.tags] },
    nextRunAt: schedule.nextAt?.toISOString() ?? null,
    lastRunAt: schedule.lastAt?.toISOString() ?? null,
    lastJobId: schedule.lastJobId,
    lastError: schedule.lastError,
    createdAt: schedule.createdAt.toISOString(),
    updatedAt: schedule.updatedAt.toISOString(),
  };
}

/** A schedule with its next runs as JSON shows it. */
export function toScheduleWithRunsJson({ schedule, nextRuns }: ScheduleWithRuns): ScheduleWithRunsJson {
  return { ...toScheduleJson(schedule), nextRuns: nextRuns.map((at) => at.toISOString()) };
}
