import type { HistoryEvent } from "./event.ts";
import { type JobHistory, byJob } from "./history.ts";
import { findDoubled } from "./invariants/doubled.ts";
import { findEndedTwice } from "./invariants/ended-twice.ts";
import { findExceeded } from "./invariants/exceeded.ts";
import { findFenceFaults } from "./invariants/fences.ts";
import { type ConcurrencyLimits, findOvershoots } from "./invariants/limits.ts";
import { findLost } from "./invariants/lost.ts";
import { findMisled } from "./invariants/misled.ts";
import { findOverlaps } from "./invariants/overlaps.ts";
import { findStale } from "./invariants/stale.ts";
import { findUnrun } from "./invariants/unrun.ts";

/** What a history can prove to be broken. */
export type Invariant =
  /** Acknowledged, and nowhere to be seen, or not at an end. */
  | "lost"
  /** Ended otherwise than it had to. */
  | "misled"
  /** At an end more than once, or claimed after it. */
  | "ended twice"
  /** A write by somebody who was no longer, or never, the owner took effect. */
  | "stale"
  /** The same claim was given out or ran twice, or two claims were the same attempt. */
  | "doubled"
  /** A later claim has no higher fence. */
  | "fence"
  /** Two leases of one job in force at once. */
  | "overlap"
  /** More attempts than the job may have. */
  | "exceeded"
  /** More jobs at once than a limit allows. */
  | "limit"
  /** Attempts are counted for which no handler ran. */
  | "unrun";

export interface Violation {
  readonly invariant: Invariant;
  readonly jobId: string;
  /** What shows it, in a sentence. */
  readonly detail: string;
}

export interface CheckOptions {
  /** False where claims may be lost on the way to a worker, as when the database goes away; default true. */
  readonly everyAttemptRuns?: boolean;
  /** Limits that were in force all the time. */
  readonly limits?: ConcurrencyLimits;
}

const perJob: readonly ((job: JobHistory) => readonly Violation[])[] = [
  findLost,
  findMisled,
  findEndedTwice,
  findStale,
  findDoubled,
  findFenceFaults,
  findOverlaps,
  findExceeded,
];

/** Everything that a history proves to be broken; empty for a sound one. A pure function: the order of events doesn't matter. */
export function checkHistory(
  events: readonly HistoryEvent[],
  { everyAttemptRuns = true, limits }: CheckOptions = {},
): readonly Violation[] {
  const jobs = byJob(events);
  return [
    ...jobs.flatMap((job) => perJob.flatMap((find) => find(job))),
    ...(everyAttemptRuns ? jobs.flatMap(findUnrun) : []),
    ...(limits === undefined ? [] : findOvershoots(jobs, limits)),
  ];
}
