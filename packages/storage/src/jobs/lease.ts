import type { JobStatus } from "@millrace/contract";

import type { Job, NewLogLine } from "./job.ts";

export interface ClaimRequest {
  /** Queues to claim from; undefined is every queue. */
  readonly queues?: readonly string[] | undefined;
  /** Types to claim; undefined is every type. */
  readonly types?: readonly string[] | undefined;
  /** Claim for one tenant only; undefined is every tenant, in turns. */
  readonly tenantId?: string | undefined;
  readonly limit: number;
  readonly leaseMs: number;
  readonly worker: string;
  /** Told when the claim left jobs that a rate limit will let start, or that another claimer held back: in so many milliseconds it is worth asking again. */
  readonly onRetryIn?: ((ms: number) => void) | undefined;
}

export interface ClaimedJob {
  readonly job: Job;
  /** Opaque proof of this claim; new at every claim. */
  readonly leaseToken: string;
}

/**
 * The outcome of one item of a batched owner's write. A stale token is `lost`, and changed nothing. `busy` changed nothing either: somebody else's
 * transaction holds the job or one that depends on it; the lease is as it was, and the same write can be tried again.
 */
export type LeaseOutcome =
  | { readonly ok: true; readonly status: JobStatus }
  | { readonly ok: false; readonly reason: "busy"; readonly status: "running" }
  | { readonly ok: false; readonly reason: "lost"; readonly status: JobStatus | null };

export interface HeartbeatOutcome {
  readonly ok: boolean;
  /** The job's present state; null when there is no such job. */
  readonly status: JobStatus | null;
  /** True when the job was cancelled: the owner should stop. */
  readonly cancelRequested: boolean;
}

export interface CompleteItem {
  readonly leaseToken: string;
  /** JSON text or null. */
  readonly result: string | null;
}

export interface FailItem {
  readonly leaseToken: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** False kills the job at once. */
  readonly retryable: boolean;
  /** Overrides the retry policy. */
  readonly retryAfterMs?: number | undefined;
}

export interface SnoozeItem {
  readonly leaseToken: string;
  readonly delayMs: number;
}

export interface ReleaseItem {
  readonly leaseToken: string;
}

export interface ProgressItem {
  readonly leaseToken: string;
  /** JSON text. */
  readonly progress: string;
}

export interface LogItem {
  readonly leaseToken: string;
  readonly lines: readonly NewLogLine[];
}
