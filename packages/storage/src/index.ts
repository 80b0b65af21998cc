export * from "./database.ts";
export type * from "./jobs/job-store.ts";
export { type Lease, decodeLeaseToken } from "./jobs/lease-token.ts";
export { createPostgresJobStore } from "./jobs/postgres-job-store.ts";
export { decodeWakeup, type Lane, wakeupChannel } from "./jobs/wakeup.ts";
export * as schema from "./schema/index.ts";
export { isOutcomeUnknown } from "./pg-error.ts";
export { retryConflicts } from "./retry-conflicts.ts";
