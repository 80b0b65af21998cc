export { createClient, type MillraceClient } from "./client.ts";
export { MillraceApiError } from "./error.ts";
export type { EnqueuedJob, JobPage, JobsClient } from "./jobs.ts";
export type { KeyPage, KeysClient, NewKey } from "./keys.ts";
export type { LeasesClient } from "./leases.ts";
export type { CallOptions, ClientOptions } from "./options.ts";
export type { QueuesClient } from "./queues.ts";
export type {
  AttemptJson,
  ClaimRequest,
  ClaimResponse,
  CompleteRequest,
  CreateKeyRequest,
  EnqueueRequest,
  ErrorCode,
  FailRequest,
  FieldError,
  HeartbeatRequest,
  HeartbeatResponse,
  JobJson,
  JobStatus,
  Json,
  KeyJson,
  LeaseOutcomeJson,
  LeaseResponse,
  LeasedJobJson,
  ListJobsQuery,
  Problem,
  ProgressRequest,
  Queue,
  ReleaseRequest,
  RetryPolicy,
  RotateKeyRequest,
  Scope,
  SnoozeRequest,
  UpdateJobRequest,
} from "@millrace/contract";
