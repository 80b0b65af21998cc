import { z } from "@hono/zod-openapi";

import * as contract from "@millrace/contract";

/** The contract's schemas under the names that they have in the OpenAPI document. */
export const schemas = {
  job: contract.jobSchema.meta({ id: "Job" }),
  enqueueRequest: contract.enqueueRequestSchema.meta({ id: "EnqueueRequest" }),
  enqueueResponse: contract.enqueueResponseSchema.meta({ id: "EnqueueResponse" }),
  enqueueBatchRequest: contract.enqueueBatchRequestSchema.meta({ id: "EnqueueBatchRequest" }),
  enqueueBatchResponse: contract.enqueueBatchResponseSchema.meta({ id: "EnqueueBatchResponse" }),
  updateJobRequest: contract.updateJobRequestSchema.meta({ id: "UpdateJobRequest" }),
  jobList: contract.jobListSchema.meta({ id: "JobList" }),
  queue: contract.queueSchema.meta({ id: "Queue" }),
  queueList: contract.queueListSchema.meta({ id: "QueueList" }),
  createKeyRequest: contract.createKeyRequestSchema.meta({ id: "CreateKeyRequest" }),
  rotateKeyRequest: contract.rotateKeyRequestSchema.meta({ id: "RotateKeyRequest" }),
  key: contract.keySchema.meta({ id: "Key" }),
  keyWithSecret: contract.keyWithSecretSchema.meta({ id: "KeyWithSecret" }),
  keyList: contract.keyListSchema.meta({ id: "KeyList" }),
  problem: contract.problemSchema.meta({ id: "Problem" }),
  health: z.object({ status: z.literal("ok") }).meta({ id: "Health" }),
  readiness: z
    .object({
      status: z.enum(["ready", "unready"]),
      checks: z.array(z.object({ name: z.string(), ok: z.boolean(), problem: z.string().optional() })),
    })
    .meta({ id: "Readiness" }),
  /** What a route takes that needs no input: no body, or an empty object. */
  nothing: z.strictObject({}),
} as const;
