/**
 * What processes and tests write down while they run. Times are the machine's clock in milliseconds, which all of them share with
 * the database; `fromMs` is when a call was sent, `atMs` when it was answered or something happened.
 */
export type HistoryEvent = Acknowledged | Claimed | Beaten | Settled | Started | Ended | Cancelled | Observed;

/** A job that the API has acknowledged with a 2xx. */
export interface Acknowledged {
  readonly kind: "acknowledged";
  readonly jobId: string;
  /** How it has to end; absent where any end will do. */
  readonly ends?: "completed" | "dead" | "cancelled";
  readonly queue?: string;
  readonly concurrencyKey?: string;
  readonly maxAttempts?: number;
}

/** A claim that was answered with this job. */
export interface Claimed {
  readonly kind: "claimed";
  readonly jobId: string;
  readonly attempt: number;
  readonly fence: number;
  readonly worker: string;
  readonly fromMs: number;
  readonly atMs: number;
  readonly leaseMs: number;
}

/** A heartbeat that was answered. */
export interface Beaten {
  readonly kind: "beaten";
  readonly jobId: string;
  readonly fence: number;
  readonly worker: string;
  readonly fromMs: number;
  readonly atMs: number;
  readonly leaseMs: number;
  readonly ok: boolean;
}

/** The end of an attempt that its owner has sent off; `ok` is null where no answer came. */
export interface Settled {
  readonly kind: "settled";
  readonly jobId: string;
  readonly fence: number;
  readonly worker: string;
  readonly verb: "complete" | "fail" | "snooze" | "release";
  readonly fromMs: number;
  readonly atMs: number;
  readonly ok: boolean | null;
  /** The job's state as answered. */
  readonly status: string | null;
}

/** A handler begins: once per claim, whatever becomes of the attempt. */
export interface Started {
  readonly kind: "started";
  readonly jobId: string;
  readonly attempt: number;
  readonly fence: number;
  readonly worker: string;
  readonly atMs: number;
  /** Until when the claim holds without a heartbeat. */
  readonly leaseUntilMs: number;
}

/** A handler has ended, one way or the other. */
export interface Ended {
  readonly kind: "ended";
  readonly jobId: string;
  readonly fence: number;
  readonly atMs: number;
}

/** A cancellation that was sent off; `ok` is null where no answer came. */
export interface Cancelled {
  readonly kind: "cancelled";
  readonly jobId: string;
  readonly fromMs: number;
  readonly ok: boolean | null;
}

/** A job as the API shows it when all is over. */
export interface Observed {
  readonly kind: "observed";
  readonly jobId: string;
  readonly status: string;
  readonly attempts: number;
  /** Who says, in the job's result, to have completed it. */
  readonly finishedBy: { readonly fence: number; readonly worker: string } | null;
}
