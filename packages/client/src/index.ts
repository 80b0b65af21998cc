export type { AuditClient, AuditPage } from "./audit.ts";
export { createClient, type MillraceClient } from "./client.ts";
export { MillraceApiError } from "./error.ts";
export type { FollowOptions } from "./job-events.ts";
export type { AttemptPage, EnqueuedId, EnqueuedJob, JobPage, JobsClient } from "./jobs.ts";
export type { KeyPage, KeysClient, NewKey } from "./keys.ts";
export type { LeasesClient } from "./leases.ts";
export type { CallOptions, ClientOptions } from "./options.ts";
export type { QueuesClient } from "./queues.ts";
export type { SchedulePage, SchedulesClient } from "./schedules.ts";
export type { SchemasClient } from "./schemas.ts";
export type {
  AttemptJson,
  AuditEntryJson,
  BulkRequest,
  BulkResponse,
  ClaimRequest,
  ClaimResponse,
  CompleteRequest,
  CreateKeyRequest,
  CreateScheduleRequest,
  EnqueueRequest,
  ErrorCode,
  FailRequest,
  FieldError,
  GetPayloadSchemaQuery,
  GetScheduleQuery,
  HeartbeatRequest,
  HeartbeatResponse,
  JobEventJson,
  JobJson,
  JobLogLineJson,
  JobStatus,
  Json,
  JsonObject,
  KeyJson,
  LeaseOutcomeJson,
  LeaseResponse,
  LeasedJobJson,
  ListAuditQuery,
  ListAttemptsQuery,
  ListJobsQuery,
  ListPayloadSchemasQuery,
  ListSchedulesQuery,
  MisfirePolicy,
  PayloadSchemaJson,
  PayloadSchemaListJson,
  PreviewScheduleRequest,
  Problem,
  ProgressRequest,
  PutPayloadSchemaResponse,
  PutScheduleRequest,
  Queue,
  QueueDetails,
  QueueSettingsRequest,
  ReleaseRequest,
  RetryPolicy,
  RotateKeyRequest,
  ScheduleJson,
  ScheduleWithRunsJson,
  Scope,
  SnoozeRequest,
  UpdateJobRequest,
  Why,
  WhyReason,
} from "@millrace/contract";
