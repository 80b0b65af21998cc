import { z } from "zod";

import { jobTypeSchema, queueNameSchema, uuidSchema } from "../ids.ts";
import { jsonDepthMax, jsonSchema } from "../json.ts";
import { queryInteger } from "../query-integer.ts";
import { retryPolicySchema } from "./retry.ts";
import { jobStatuses } from "./state.ts";

export const limits = {
  payloadBytesMax: 256 * 1024,
  resultBytesMax: 256 * 1024,
  progressBytesMax: 16 * 1024,
  tagsMax: 20,
  tagCharactersMax: 64,
  keyCharactersMax: 255,
  errorsKeptMax: 10,
  errorMessageCharactersMax: 2_000,
  errorStackCharactersMax: 8_000,
  batchJobsMax: 10_000,
  dependenciesMax: 100,
  refCharactersMax: 64,
  idempotencyWindowMsMin: 1_000,
  idempotencyWindowMsMax: 366 * 24 * 3_600_000,
  logLinesMax: 1_000,
  logCharactersMax: 2_000,
  pageItemsMax: 500,
  pageItemsDefault: 50,
  jsonDepthMax,
  attemptsMax: 1_000,
  timeoutMsMax: 24 * 3_600_000,
  delayMsMax: 366 * 24 * 3_600_000,
  waitMsMax: 60_000,
  waitMsDefault: 30_000,
} as const;

/** PostgreSQL text holds every character but NUL, and only well-formed Unicode. */
const storableText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !text.includes("\0") && text.isWellFormed(), "no NUL and no lone surrogates");

export const idempotencyKeySchema = storableText(limits.keyCharactersMax);
export const concurrencyKeySchema = storableText(limits.keyCharactersMax);
export const tagSchema = storableText(limits.tagCharactersMax);
export const prioritySchema = z.int().min(-32_768).max(32_767);
export const timeSchema = z.iso.datetime({ offset: true });

/** The name of a job within its batch. What has the form of an id can't be one. */
export const refSchema = storableText(limits.refCharactersMax).refine(
  (text) => !uuidSchema.safeParse(text).success,
  "a ref can't have the form of an id",
);

/** What becomes of a job when one that it depends on dies or is cancelled: it is cancelled too, or waits until a retry of that one completes. */
export const dependencyPolicies = ["cancel", "wait"] as const;
export type DependencyPolicy = (typeof dependencyPolicies)[number];

/**
 * What becomes of a request whose idempotency key is taken: `existing` is answered with the job of the first one, `reject` refused; `replace` puts itself in the
 * place of a job that is still pending and is refused otherwise, `keepLast` makes a new job then.
 */
export const duplicatePolicies = ["existing", "reject", "replace", "keepLast"] as const;
export type DuplicatePolicy = (typeof duplicatePolicies)[number];

/** The fields of a job in a request, alone or in a batch. */
export const enqueueFields = {
  type: jobTypeSchema,
  queue: queueNameSchema.default("default"),
  payload: jsonSchema.default({}),
  priority: prioritySchema.default(0),
  maxAttempts: z.int().min(1).max(limits.attemptsMax).default(20),
  retry: retryPolicySchema.optional(),
  timeoutMs: z.int().min(1).max(limits.timeoutMsMax).optional(),
  scheduledAt: timeSchema.optional(),
  delayMs: z.int().min(0).max(limits.delayMsMax).optional(),
  idempotencyKey: idempotencyKeySchema.optional(),
  onDuplicate: z.enum(duplicatePolicies).optional(),
  idempotencyWindowMs: z.int().min(limits.idempotencyWindowMsMin).max(limits.idempotencyWindowMsMax).optional(),
  concurrencyKey: concurrencyKeySchema.optional(),
  dependsOn: z.array(uuidSchema).max(limits.dependenciesMax).optional(),
  onDependencyFailure: z.enum(dependencyPolicies).optional(),
  tags: z.array(tagSchema).max(limits.tagsMax).default([]),
} as const;

interface CheckedTogether {
  readonly scheduledAt?: string | undefined;
  readonly delayMs?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly onDuplicate?: DuplicatePolicy | undefined;
  readonly idempotencyWindowMs?: number | undefined;
  readonly dependsOn?: readonly string[] | undefined;
}

/** What fields of a job in a request say of one another. */
export function checkEnqueue({ value, issues }: z.core.ParsePayload<CheckedTogether>): void {
  const refuse = (path: readonly (string | number)[], message: string) =>
    issues.push({ code: "custom", path: [...path], message, input: value });
  if (value.scheduledAt !== undefined && value.delayMs !== undefined) {
    refuse(["delayMs"], "give scheduledAt or delayMs, not both");
  }
  if (value.idempotencyKey === undefined) {
    if (value.onDuplicate !== undefined) refuse(["onDuplicate"], "means nothing without an idempotencyKey");
    if (value.idempotencyWindowMs !== undefined)
      refuse(["idempotencyWindowMs"], "means nothing without an idempotencyKey");
  }
  if (value.dependsOn === undefined) return;
  if (value.dependsOn.length > 0 && (value.onDuplicate === "replace" || value.onDuplicate === "keepLast")) {
    refuse(["dependsOn"], `can't be combined with onDuplicate ${value.onDuplicate}`);
  }
  const seen = new Set<string>();
  for (const [index, dependency] of value.dependsOn.entries()) {
    if (seen.has(dependency)) refuse(["dependsOn", index], "is there twice");
    seen.add(dependency);
  }
}

/** What a caller says of a job it wants done. `scheduledAt` and `delayMs` exclude one another. */
export const enqueueRequestSchema = z.strictObject(enqueueFields).check(checkEnqueue).meta({ id: "EnqueueRequest" });

export type EnqueueRequest = z.input<typeof enqueueRequestSchema>;

/** One failed attempt as a job remembers it. */
export const jobErrorSchema = z
  .object({
    attempt: z.int(),
    at: timeSchema,
    message: z.string(),
    stack: z.string().optional(),
  })
  .meta({ id: "JobError" });

/** A job as JSON: what every route answers with. A lease token is never part of it. */
export const jobSchema = z
  .object({
    id: uuidSchema,
    queue: z.string(),
    type: z.string(),
    payload: jsonSchema,
    status: z.enum(jobStatuses),
    priority: z.int(),
    attempts: z.int(),
    maxAttempts: z.int(),
    retry: z.union([retryPolicySchema, z.null()]),
    lastError: z.string().nullable(),
    errors: z.array(jobErrorSchema),
    idempotencyKey: z.string().nullable(),
    concurrencyKey: z.string().nullable(),
    tags: z.array(z.string()),
    result: jsonSchema,
    progress: jsonSchema,
    lockedBy: z.string().nullable(),
    lockedAt: timeSchema.nullable(),
    leaseExpiresAt: timeSchema.nullable(),
    timeoutMs: z.int().nullable(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    scheduledAt: timeSchema,
    startedAt: timeSchema.nullable(),
    completedAt: timeSchema.nullable(),
    traceparent: z.string().nullable(),
  })
  .meta({ id: "Job" });

export type JobJson = z.infer<typeof jobSchema>;

/** Changes to a pending job; what is absent stays. */
export const updateJobRequestSchema = z
  .strictObject({
    priority: prioritySchema.optional(),
    scheduledAt: timeSchema.optional(),
    delayMs: z.int().min(0).max(limits.delayMsMax).optional(),
    maxAttempts: z.int().min(1).max(limits.attemptsMax).optional(),
    tags: z.array(tagSchema).max(limits.tagsMax).optional(),
    payload: jsonSchema.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, "name at least one field to change")
  .refine((change) => change.scheduledAt === undefined || change.delayMs === undefined, {
    path: ["delayMs"],
    message: "give scheduledAt or delayMs, not both",
  })
  .meta({ id: "UpdateJobRequest" });

export type UpdateJobRequest = z.input<typeof updateJobRequestSchema>;

/** The filters of a list of jobs, as query parameters. */
export const listJobsQuerySchema = z.strictObject({
  status: z.enum(jobStatuses).optional(),
  queue: queueNameSchema.optional(),
  type: jobTypeSchema.optional(),
  tag: tagSchema.optional(),
  idempotencyKey: idempotencyKeySchema.optional(),
  createdAfter: timeSchema.optional(),
  createdBefore: timeSchema.optional(),
  scheduledBefore: timeSchema.optional(),
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListJobsQuery = z.input<typeof listJobsQuerySchema>;

/** How long to wait for a job, as a query parameter. */
export const waitForJobQuerySchema = z.strictObject({
  timeoutMs: queryInteger(0, limits.waitMsMax).default(limits.waitMsDefault),
});

export type WaitForJobQuery = z.input<typeof waitForJobQuerySchema>;

const answeredKey = {
  /** Whether the idempotency key named the job before. */
  duplicate: z.boolean(),
  /** Present where this request has taken the place of the one before. */
  replaced: z.literal(true).optional(),
};

/** The answer to an enqueue: the job, and whether the idempotency key named it before. */
export const enqueueResponseSchema = jobSchema.extend(answeredKey).meta({ id: "EnqueueResponse" });
export const enqueueBatchResponseSchema = z
  .object({
    items: z.array(z.object({ id: uuidSchema, ...answeredKey })),
  })
  .meta({ id: "EnqueueBatchResponse" });
export const jobListSchema = z
  .object({ items: z.array(jobSchema), nextCursor: z.string().nullable() })
  .meta({ id: "JobList" });
