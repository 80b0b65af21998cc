export { type AbortCause, JobAbortedError, NonRetryableError, RetryAfterError } from "./attempt-errors.ts";
export { createWorker, type Worker, type WorkerHealth, type WorkerState } from "./create-worker.ts";
export {
  defineJob,
  type Enqueuer,
  isJobDefinition,
  type JobDefinition,
  type JobDefinitionOptions,
  type JobRequestOptions,
} from "./define-job.ts";
export type { HandlerContext } from "./handler.ts";
export type { Listen, WorkerOptions } from "./options.ts";
export { type Snooze, snooze } from "./snooze.ts";
