import type { JobStatus } from "@millrace/contract";

export interface QueueRef {
  readonly tenantId: string;
  readonly queue: string;
}

export interface RateLimit {
  /** Jobs that may start in each period, evenly spread over it. */
  readonly limit: number;
  readonly periodMs: number;
  /** Jobs that may start at once. */
  readonly burst: number;
}

/** Settings of a queue as they hold; null is no limit. */
export interface QueueSettings {
  /** Since when no job of the queue starts. */
  readonly pausedAt: Date | null;
  readonly concurrency: number | null;
  readonly concurrencyPerKey: number;
  readonly rateLimit: RateLimit | null;
  readonly maxDepth: number | null;
  readonly retention: { readonly completedMs: number; readonly deadMs: number; readonly cancelledMs: number };
}

/** Settings to put in the place of those that hold; whatever is absent is unlimited or has its default. */
export interface NewQueueSettings {
  readonly concurrency?: number | undefined;
  readonly concurrencyPerKey?: number | undefined;
  readonly rateLimit?:
    | { readonly limit: number; readonly periodMs: number; readonly burst?: number | undefined }
    | undefined;
  readonly maxDepth?: number | undefined;
  readonly retention?:
    | {
        readonly completedMs?: number | undefined;
        readonly deadMs?: number | undefined;
        readonly cancelledMs?: number | undefined;
      }
    | undefined;
}

export interface QueueStats {
  readonly tenantId: string;
  readonly queue: string;
  readonly pending: number;
  readonly scheduled: number;
  readonly running: number;
  readonly completed: number;
  readonly dead: number;
  readonly cancelled: number;
  /** Since when the queue is paused. */
  readonly pausedAt: Date | null;
  /** Milliseconds since the oldest claimable job became due; null when none waits. */
  readonly oldestPendingAgeMs: number | null;
  /** Statuses whose count stopped at the counting bound: the true count is at least the one shown. */
  readonly capped: readonly JobStatus[];
}

export interface QueueStatsFilter {
  /** Undefined: every tenant's, as many of each where there are too many. */
  readonly tenantId?: string | undefined;
  readonly queue?: string | undefined;
  /** These queues only. */
  readonly queues?: readonly string[] | undefined;
  /** Queues behind this name only. */
  readonly afterQueue?: string | undefined;
  /** Default 1,000. */
  readonly limit?: number | undefined;
}

/** The part of a job store that is about queues as a whole. */
export interface QueueStore {
  /** Counts by status of queues, by tenant and name. */
  queueStats(filter: QueueStatsFilter): Promise<readonly QueueStats[]>;
  /** The settings of a queue; the defaults where it has none, or is no queue. */
  getQueueSettings(ref: QueueRef): Promise<QueueSettings>;
  /** Replaces all settings of a queue but its pause; makes the queue if need be. They bind claims that begin after it. */
  putQueueSettings(ref: QueueRef, settings: NewQueueSettings): Promise<QueueSettings>;
  /** No claim that begins after it takes a job of the queue; jobs that run go on. Again changes nothing. */
  pauseQueue(ref: QueueRef): Promise<QueueSettings>;
  resumeQueue(ref: QueueRef): Promise<QueueSettings>;
}
