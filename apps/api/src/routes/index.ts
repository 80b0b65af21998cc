import type { Route } from "../http/route.ts";
import { listAuditRoute } from "./audit/list.ts";
import { discardDeadLetterRoute } from "./dead-letters/discard.ts";
import { getDeadLetterRoute } from "./dead-letters/get.ts";
import { listDeadLettersRoute } from "./dead-letters/list.ts";
import { replayDeadLetterRoute } from "./dead-letters/replay.ts";
import { ingestRoute } from "./ingest/ingest.ts";
import { lagRoute } from "./ingest/lag.ts";
import { bulkJobsRoute } from "./jobs/bulk.ts";
import { cancelJobRoute } from "./jobs/cancel.ts";
import { deleteJobRoute } from "./jobs/delete.ts";
import { enqueueBatchRoute } from "./jobs/enqueue-batch.ts";
import { enqueueRoute } from "./jobs/enqueue.ts";
import { followJobRoute } from "./jobs/follow.ts";
import { getJobRoute } from "./jobs/get.ts";
import { listAttemptsRoute } from "./jobs/list-attempts.ts";
import { listJobsRoute } from "./jobs/list.ts";
import { retryJobRoute } from "./jobs/retry.ts";
import { updateJobRoute } from "./jobs/update.ts";
import { waitForJobRoute } from "./jobs/wait.ts";
import { whyJobRoute } from "./jobs/why.ts";
import { createKeyRoute } from "./keys/create.ts";
import { listKeysRoute } from "./keys/list.ts";
import { revokeKeyRoute } from "./keys/revoke.ts";
import { rotateKeyRoute } from "./keys/rotate.ts";
import { claimJobsRoute } from "./leases/claim.ts";
import { completeJobsRoute } from "./leases/complete.ts";
import { failJobsRoute } from "./leases/fail.ts";
import { heartbeatJobsRoute } from "./leases/heartbeat.ts";
import { progressJobsRoute } from "./leases/progress.ts";
import { releaseJobsRoute } from "./leases/release.ts";
import { snoozeJobsRoute } from "./leases/snooze.ts";
import { compactionRoute } from "./maintenance/compaction.ts";
import { integrityRoute } from "./maintenance/integrity.ts";
import { orphansRoute } from "./maintenance/orphans.ts";
import { retentionRoute } from "./maintenance/retention.ts";
import { queryRoute } from "./query/query.ts";
import { getQueueRoute } from "./queues/get.ts";
import { listQueuesRoute } from "./queues/list.ts";
import { pauseQueueRoute } from "./queues/pause.ts";
import { putQueueRoute } from "./queues/put.ts";
import { resumeQueueRoute } from "./queues/resume.ts";
import { createScheduleRoute } from "./schedules/create.ts";
import { deleteScheduleRoute } from "./schedules/delete.ts";
import { getScheduleRoute } from "./schedules/get.ts";
import { listSchedulesRoute } from "./schedules/list.ts";
import { previewScheduleRoute } from "./schedules/preview.ts";
import { putScheduleRoute } from "./schedules/put.ts";
import { runScheduleRoute } from "./schedules/run.ts";
import { deleteSchemaRoute } from "./schemas/delete.ts";
import { getSchemaRoute } from "./schemas/get.ts";
import { listSchemasRoute } from "./schemas/list.ts";
import { putSchemaRoute } from "./schemas/put.ts";
import { getSnapshotRoute } from "./snapshots/get.ts";
import { listSnapshotsRoute } from "./snapshots/list.ts";
import { pinSnapshotRoute } from "./snapshots/pin.ts";
import { unpinSnapshotRoute } from "./snapshots/unpin.ts";
import { docsRoute, docsScriptRoute, docsStartRoute, docsStyleRoute } from "./system/docs.ts";
import { healthRoute } from "./system/health.ts";
import { metricsRoute } from "./system/metrics.ts";
import { openApiRoute } from "./system/openapi.ts";
import { readyRoute } from "./system/ready.ts";
import { createTableRoute } from "./tables/create.ts";
import { dropTableRoute } from "./tables/drop.ts";
import { getTableRoute } from "./tables/get.ts";
import { listTablesRoute } from "./tables/list.ts";
import { updateTableRoute } from "./tables/update.ts";

/** Every route there is, in the order of the documentation. */
export const routes: readonly Route[] = [
  enqueueRoute,
  enqueueBatchRoute,
  bulkJobsRoute,
  listJobsRoute,
  getJobRoute,
  updateJobRoute,
  deleteJobRoute,
  listAttemptsRoute,
  whyJobRoute,
  waitForJobRoute,
  followJobRoute,
  cancelJobRoute,
  retryJobRoute,
  claimJobsRoute,
  heartbeatJobsRoute,
  progressJobsRoute,
  completeJobsRoute,
  failJobsRoute,
  snoozeJobsRoute,
  releaseJobsRoute,
  listQueuesRoute,
  getQueueRoute,
  putQueueRoute,
  pauseQueueRoute,
  resumeQueueRoute,
  listSchedulesRoute,
  createScheduleRoute,
  previewScheduleRoute,
  getScheduleRoute,
  putScheduleRoute,
  deleteScheduleRoute,
  runScheduleRoute,
  listSchemasRoute,
  getSchemaRoute,
  putSchemaRoute,
  deleteSchemaRoute,
  listTablesRoute,
  createTableRoute,
  getTableRoute,
  updateTableRoute,
  dropTableRoute,
  ingestRoute,
  lagRoute,
  listDeadLettersRoute,
  getDeadLetterRoute,
  replayDeadLetterRoute,
  discardDeadLetterRoute,
  queryRoute,
  listSnapshotsRoute,
  getSnapshotRoute,
  pinSnapshotRoute,
  unpinSnapshotRoute,
  compactionRoute,
  retentionRoute,
  integrityRoute,
  orphansRoute,
  listKeysRoute,
  createKeyRoute,
  revokeKeyRoute,
  rotateKeyRoute,
  listAuditRoute,
  healthRoute,
  readyRoute,
  metricsRoute,
  openApiRoute,
  docsRoute,
  docsStartRoute,
  docsScriptRoute,
  docsStyleRoute,
];
