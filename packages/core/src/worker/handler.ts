import type { EnqueueRequest, Json } from "@millrace/contract";
import type { CreatedJob, CreateOptions, Job } from "@millrace/storage";
import type { Logger } from "@millrace/telemetry";

/** What a handler gets. It can be handed to a definition's `enqueue` as it is. */
export interface HandlerContext<Payload> {
  readonly job: Job;
  /** The payload as the definition's schema made it. */
  readonly payload: Payload;
  /** Fires with a JobAbortedError when the attempt should stop: timeout, cancellation, lost lease or shutdown. */
  readonly signal: AbortSignal;
  /** Every line carries the job's id, type, attempt and trace. The messages are kept in the job's log too, but for those of the level debug. */
  readonly logger: Logger;
  /**
   * Extends the lease now and proves that it is held: for just before a step that mustn't happen twice. Leases are extended
   * without it all the time. @throws LEASE_LOST, UNAVAILABLE
   */
  heartbeat(): Promise<void>;
  /** Shows progress on the job; the newest value wins, and an outage of the database drops it. @throws VALIDATION_FAILED, LEASE_LOST */
  progress(value: Json): Promise<void>;
  /** Enqueues a job of the same tenant, in the same trace. */
  enqueue(request: EnqueueRequest, options?: CreateOptions): Promise<CreatedJob>;
}
