import { z } from "zod";

import { type Json, jsonSchema } from "../json.ts";
import { type AttemptJson, attemptSchema } from "./attempt.ts";
import { type JobJson, jobSchema, timeSchema } from "./job.ts";
import { jobStatuses, type JobStatus } from "./state.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;

export type LogLineLevel = (typeof logLevels)[number];

/** A line to append to a job's log; what is too long is cut. */
export const newLogLineSchema = z.strictObject({ level: z.enum(logLevels).default("info"), message: z.string() });

export type NewLogLineJson = z.output<typeof newLogLineSchema>;

/** One line of a job's log. */
export const jobLogLineSchema = z
  .object({ at: timeSchema, attempt: z.int(), level: z.enum(logLevels), message: z.string() })
  .meta({ id: "JobLogLine" });

export type JobLogLineJson = z.infer<typeof jobLogLineSchema>;

/** The data of the events of a job, by name. */
export const jobEventSchemas = {
  /** The job as it is now: first, and after each change of its status, or of what it is while it is pending. */
  job: jobSchema,
  /** An attempt has ended. */
  attempt: attemptSchema,
  /** The newest progress. */
  progress: z.object({ progress: jsonSchema }),
  log: jobLogLineSchema,
  /** The last event: the job's final status, or null when it was deleted. */
  end: z.object({ status: z.enum(jobStatuses).nullable() }),
} as const;

/** An event of a job; `id` is what to resume behind it with. */
export type JobEventJson = { readonly id: string } & (
  | { readonly event: "job"; readonly data: JobJson }
  | { readonly event: "attempt"; readonly data: AttemptJson }
  | { readonly event: "progress"; readonly data: { readonly progress: Json } }
  | { readonly event: "log"; readonly data: JobLogLineJson }
  | { readonly event: "end"; readonly data: { readonly status: JobStatus | null } }
);
