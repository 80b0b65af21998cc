export { createClient, type MillraceClient } from "./client.ts";
export { MillraceApiError } from "./error.ts";
export type { EnqueuedJob, JobPage, JobsClient } from "./jobs.ts";
export type { KeyPage, KeysClient, NewKey } from "./keys.ts";
export type { CallOptions, ClientOptions } from "./options.ts";
export type { QueuesClient } from "./queues.ts";
export type {
  CreateKeyRequest,
  EnqueueRequest,
  ErrorCode,
  FieldError,
  JobJson,
  JobStatus,
  Json,
  KeyJson,
  ListJobsQuery,
  Problem,
  Queue,
  RetryPolicy,
  RotateKeyRequest,
  Scope,
  UpdateJobRequest,
} from "@millrace/contract";
