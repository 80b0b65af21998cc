import { z } from "zod";

import { queueNameSchema, uuidSchema } from "../ids.ts";
import { enqueueRequestSchema, limits, tagSchema, timeSchema } from "../jobs/job.ts";
import { queryInteger } from "../query-integer.ts";

const tagPrefix = "schedule:";

export const scheduleLimits = {
  /** What is left of a tag: each job carries the name of its schedule in one. */
  nameCharactersMax: limits.tagCharactersMax - tagPrefix.length,
  cronCharactersMax: 200,
  /** Half of what a job may have: a tick's job is enqueued in SQL, whose JSON text takes more room. */
  payloadBytesMax: limits.payloadBytesMax / 2,
  runsShownMax: 100,
  runsShownDefault: 5,
  /** A tick that is found so long after its time is late: its schedule's misfire policy decides. */
  graceMs: 5_000,
} as const;

/** The tag of every job that a schedule enqueues: list jobs by it to see a schedule's runs. */
export function scheduleTag(name: string): string {
  return tagPrefix + name;
}

/**
 * What becomes of ticks that were found late, since no scheduler was up: `skip` forgets them, `once` enqueues one job for all of them,
 * `all` one job for each.
 */
export const misfirePolicies = ["skip", "once", "all"] as const;
export type MisfirePolicy = (typeof misfirePolicies)[number];

export const scheduleNameSchema = z
  .string()
  .min(1)
  .max(scheduleLimits.nameCharactersMax)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, "schedule: letters, digits and . _ : / -, starting with a letter or digit");

const { type, queue, payload, priority, maxAttempts, retry, timeoutMs, concurrencyKey } = enqueueRequestSchema.shape;

/** The job that each tick enqueues, with the limits and defaults of an enqueue. */
export const scheduledJobSchema = z
  .strictObject({
    type,
    queue,
    payload,
    priority,
    maxAttempts,
    retry,
    timeoutMs,
    concurrencyKey,
    /** One less than a job may have: its schedule's is added. */
    tags: z
      .array(tagSchema)
      .max(limits.tagsMax - 1)
      .default([]),
  })
  .meta({ id: "ScheduledJob" });

export type ScheduledJob = z.output<typeof scheduledJobSchema>;

const cron = z.string().min(1).max(scheduleLimits.cronCharactersMax);
const timeZone = z.string().min(1).max(100);

/** A schedule but for its name. What `cron` and `timeZone` may say is checked where the calendar is known. */
export const putScheduleRequestSchema = z
  .strictObject({
    /** Five fields (minute, hour, day of month, month, day of week), six with seconds first, or a name such as `@daily`. */
    cron,
    /** An IANA name, such as `Europe/Berlin`. */
    timeZone: timeZone.default("UTC"),
    misfirePolicy: z.enum(misfirePolicies).default("once"),
    paused: z.boolean().default(false),
    job: scheduledJobSchema,
  })
  .meta({ id: "PutScheduleRequest" });

export type PutScheduleRequest = z.input<typeof putScheduleRequestSchema>;

export const createScheduleRequestSchema = z
  .strictObject({ name: scheduleNameSchema, ...putScheduleRequestSchema.shape })
  .meta({ id: "CreateScheduleRequest" });

export type CreateScheduleRequest = z.input<typeof createScheduleRequestSchema>;

/** What a cron expression means, without a schedule. */
export const previewScheduleRequestSchema = z
  .strictObject({
    cron,
    timeZone: timeZone.default("UTC"),
    count: z.int().min(1).max(scheduleLimits.runsShownMax).default(scheduleLimits.runsShownDefault),
    /** The runs after this time; default now. */
    from: timeSchema.optional(),
  })
  .meta({ id: "PreviewScheduleRequest" });

export type PreviewScheduleRequest = z.input<typeof previewScheduleRequestSchema>;

/** How many of the next runs to show, as a query parameter. */
export const getScheduleQuerySchema = z.strictObject({
  count: queryInteger(1, scheduleLimits.runsShownMax).default(scheduleLimits.runsShownDefault),
});

export type GetScheduleQuery = z.input<typeof getScheduleQuerySchema>;

/** A page of the tenant's schedules, as query parameters. */
export const listSchedulesQuerySchema = z.strictObject({
  queue: queueNameSchema.optional(),
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListSchedulesQuery = z.input<typeof listSchedulesQuerySchema>;

/** A schedule as JSON. */
export const scheduleSchema = z
  .object({
    name: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    misfirePolicy: z.enum(misfirePolicies),
    paused: z.boolean(),
    job: scheduledJobSchema,
    /** The tick that is due next; null while the schedule is paused. */
    nextRunAt: timeSchema.nullable(),
    /** The last tick that enqueued a job, and that job. */
    lastRunAt: timeSchema.nullable(),
    lastJobId: uuidSchema.nullable(),
    /** Why the last tick enqueued nothing, or why the schedule was paused; null once a tick has succeeded. */
    lastError: z.string().nullable(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: "Schedule" });

export type ScheduleJson = z.infer<typeof scheduleSchema>;

export const previewSchema = z.object({ nextRuns: z.array(timeSchema) }).meta({ id: "SchedulePreview" });
/** One schedule with its next runs; none while it is paused. */
export const scheduleWithRunsSchema = scheduleSchema
  .extend({ nextRuns: z.array(timeSchema) })
  .meta({ id: "ScheduleWithRuns" });

export type ScheduleWithRunsJson = z.infer<typeof scheduleWithRunsSchema>;

export const scheduleListSchema = z
  .object({ items: z.array(scheduleSchema), nextCursor: z.string().nullable() })
  .meta({ id: "ScheduleList" });
