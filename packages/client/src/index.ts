export type { AuditClient, AuditPage } from "./audit.ts";
export { createClient, type MillraceClient } from "./client.ts";
export { MillraceApiError } from "./error.ts";
export type { IngestClient, IngestOptions, IngestStreamOptions, NewRecord } from "./ingest.ts";
export type { Ingester, IngesterOptions } from "./ingester.ts";
export type { FollowOptions } from "./job-events.ts";
export type { AttemptPage, EnqueuedId, EnqueuedJob, JobPage, JobsClient } from "./jobs.ts";
export type { KeyPage, KeysClient, NewKey } from "./keys.ts";
export type { LeasesClient } from "./leases.ts";
export type { MaintenanceClient } from "./maintenance.ts";
export type { CallOptions, ClientOptions } from "./options.ts";
export type { QueuesClient } from "./queues.ts";
export type { SchedulePage, SchedulesClient } from "./schedules.ts";
export type { SchemasClient } from "./schemas.ts";
export type { TablePage, TablesClient } from "./tables.ts";
export type {
  AttemptJson,
  AuditEntryJson,
  BulkRequest,
  BulkResponse,
  ClaimRequest,
  ClaimResponse,
  ColumnJson,
  CompleteRequest,
  CreateKeyRequest,
  CreateScheduleRequest,
  CreateTableRequest,
  EnqueueRequest,
  ErrorCode,
  FailRequest,
  FieldError,
  GetPayloadSchemaQuery,
  GetScheduleQuery,
  GetTableQuery,
  HeartbeatRequest,
  HeartbeatResponse,
  IngestRecord,
  IngestResponse,
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
  ListAttemptsQuery,
  ListAuditQuery,
  ListJobsQuery,
  ListPayloadSchemasQuery,
  ListSchedulesQuery,
  ListTablesQuery,
  MaintenanceRequest,
  MisfirePolicy,
  NewColumn,
  PayloadSchemaJson,
  PayloadSchemaListJson,
  PreviewScheduleRequest,
  Problem,
  ProgressRequest,
  PutPayloadSchemaResponse,
  PutScheduleRequest,
  Queue,
  RecordErrorJson,
  QueueDetails,
  QueueSettingsRequest,
  ReleaseRequest,
  RetryPolicy,
  RotateKeyRequest,
  ScheduleJson,
  ScheduleWithRunsJson,
  SchemaMode,
  Scope,
  SnoozeRequest,
  TableJson,
  TableVersionJson,
  TypeJson,
  UpdateJobRequest,
  UpdateTableRequest,
  Why,
  WhyReason,
} from "@millrace/contract";
export type * from "./query.ts";
export type * from "./snapshots.ts";
