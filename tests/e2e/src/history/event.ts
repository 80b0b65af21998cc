/** A job that the API has acknowledged with a 2xx, and how it is meant to end. */
export interface Acknowledged {
  readonly kind: "acknowledged";
  readonly jobId: string;
  readonly ends: "completed" | "dead";
}

/** A handler has run for a job: once per claim, whatever becomes of the attempt. */
export interface Effect {
  readonly kind: "effect";
  readonly jobId: string;
  readonly attempt: number;
  readonly fence: number;
  readonly worker: string;
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

/** One line of a history. */
export type HistoryEvent = Acknowledged | Effect | Observed;
