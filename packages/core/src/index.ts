export * from "./audit/index.ts";
export { compose, type ComposeConfig, type ComposeOptions, type Composition, type ReadyCheck } from "./compose.ts";
export {
  type Actor,
  type Ctx,
  type KeyCtx,
  requireOneScope,
  requireQueue,
  requireScope,
  requireTable,
} from "./context.ts";
export { type ExplainedFailure, explainFailure } from "./explain-failure.ts";
export * from "./ingest/index.ts";
export * from "./jobs/index.ts";
export * from "./keys/index.ts";
export { createBucket } from "./lake/create-bucket.ts";
export {
  type MaterialiserHealth,
  type RunningMaterialiser,
  startMaterialiser,
  type StartMaterialiserOptions,
} from "./lake/start-materialiser.ts";
export * from "./leases/index.ts";
export * from "./maintenance/index.ts";
export { fieldErrors, parse } from "./parse.ts";
export * from "./query/index.ts";
export * from "./queues/index.ts";
export * from "./schedules/index.ts";
export * from "./schemas/index.ts";
export * from "./snapshots/index.ts";
export { onStopSignal } from "./stop-signal.ts";
export * from "./tables/index.ts";
export * from "./upkeep/index.ts";
export * from "./watch/index.ts";
export { within } from "./within.ts";
export * from "./worker/index.ts";
