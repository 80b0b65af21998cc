import { z } from "zod";

import type { Json } from "../json.ts";
import type { AttemptJson } from "./attempt.ts";
import { type JobJson, timeSchema } from "./job.ts";
import type { JobStatus } from "./state.ts";

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

/** An event of a job; `id` is what to resume behind it with. */
export type JobEventJson = { readonly id: string } &
  /** The job as it is now: first, and after each change of its status, or of what it is while it is pending. */
  (
    | { readonly event: "job"; readonly data: JobJson }
    /** An attempt has ended. */
    | { readonly event: "attempt"; readonly data: AttemptJson }
    /** The newest progress. */
    | { readonly event: "progress"; readonly data: { readonly progress: Json } }
    | { readonly event: "log"; readonly data: JobLogLineJson }
    /** The last event: the job's final status, or null when it was deleted. */
    | { readonly event: "end"; readonly data: { readonly status: JobStatus | null } }
  );
