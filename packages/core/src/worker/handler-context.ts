import { AsyncLocalStorage } from "node:async_hooks";

import type { ClaimedJob, JobStore } from "@millrace/storage";
import { currentTrace, isTracing, type Logger, type Metrics } from "@millrace/telemetry";

import { enqueue } from "../jobs/enqueue.ts";
import type { HandlerContext } from "./handler.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { JobLogs } from "./job-logs.ts";
import type { LeaseBook } from "./lease-book.ts";
import { leaseLost, type ShowProgress } from "./progress.ts";

export interface ContextOptions {
  readonly store: JobStore;
  readonly book: Pick<LeaseBook, "holds">;
  readonly heartbeats: Pick<Heartbeats, "beat">;
  readonly progress: ShowProgress;
  readonly logs: Pick<JobLogs, "keeping">;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "jobsEnqueuedTotal">;
}

/** Makes what one handler gets. */
export type ContextOf = (claimed: ClaimedJob, payload: unknown, signal: () => AbortSignal) => HandlerContext<unknown>;

/** Prepares the making of handlers' contexts. */
export function createContexts({
  store,
  book,
  heartbeats,
  progress,
  logs,
  logger,
  metrics,
}: ContextOptions): ContextOf {
  // A batch that one handler's call sets off carries other handlers' items too, so it runs outside of that handler's trace.
  const outside = AsyncLocalStorage.snapshot();

  return ({ job, leaseToken }, payload, signal) => {
    let jobLogger: Logger | undefined;
    return {
      job,
      payload,
      get signal() {
        return signal();
      },
      get logger() {
        if (jobLogger === undefined) {
          const fields = { jobId: job.id, type: job.type, queue: job.queue, attempt: job.attempts };
          jobLogger = logs.keeping(logger.child(fields), leaseToken);
        }
        return jobLogger;
      },
      async heartbeat() {
        await outside(() => heartbeats.beat());
        if (!book.holds(leaseToken)) throw leaseLost();
      },
      progress: (value) => outside(() => progress(leaseToken, value)),
      enqueue: (request, options) =>
        enqueue(
          {
            actor: { tenantId: job.tenantId, scopes: ["jobs:write"] },
            store,
            metrics,
            // Where spans are recorded, the job's is below the active one: the handler may have opened one of its own.
            traceparent: isTracing() ? undefined : currentTrace()?.traceparent,
          },
          request,
          options,
        ),
    };
  };
}
