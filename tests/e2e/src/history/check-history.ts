import type { Acknowledged, Effect, HistoryEvent, Observed } from "./event.ts";

/** What is wrong with a history: the ids of the jobs, by guarantee. */
export interface Faults {
  /** Acknowledged, and nowhere to be seen, or not at an end. */
  readonly lost: readonly string[];
  /** Ended otherwise than it had to. */
  readonly misled: readonly string[];
  /** The same claim ran a handler twice, or two claims the same attempt. */
  readonly doubled: readonly string[];
  /** Completed by a worker that was no longer, or never, the owner. */
  readonly stale: readonly string[];
  /** Attempts are counted for which no handler ran. */
  readonly unrun: readonly string[];
}

export interface CheckOptions {
  /** False where claims may be lost on the way to a worker, as when the database goes away; default true. */
  readonly everyAttemptRuns?: boolean;
}

/** The faults that a history proves. */
export function checkHistory(events: readonly HistoryEvent[], { everyAttemptRuns = true }: CheckOptions = {}): Faults {
  const acknowledged = events.filter((event): event is Acknowledged => event.kind === "acknowledged");
  const observed = events.filter((event): event is Observed => event.kind === "observed");
  const seen = new Map(observed.map((job) => [job.jobId, job]));
  const effects = Map.groupBy(
    events.filter((event): event is Effect => event.kind === "effect"),
    ({ jobId }) => jobId,
  );
  return {
    lost: acknowledged.filter(({ jobId }) => !hasEnded(seen.get(jobId))).map(({ jobId }) => jobId),
    misled: acknowledged
      .filter(({ jobId, ends }) => hasEnded(seen.get(jobId)) && seen.get(jobId)?.status !== ends)
      .map(({ jobId }) => jobId),
    doubled: [...effects].filter(([, runs]) => repeats(runs)).map(([jobId]) => jobId),
    stale: observed.filter((job) => isStale(job, effects.get(job.jobId) ?? [])).map(({ jobId }) => jobId),
    unrun: everyAttemptRuns
      ? observed.filter((job) => (effects.get(job.jobId) ?? []).length !== job.attempts).map(({ jobId }) => jobId)
      : [],
  };
}

function hasEnded(job: Observed | undefined): boolean {
  return job !== undefined && ["completed", "dead", "cancelled"].includes(job.status);
}

function repeats(runs: readonly Effect[]): boolean {
  return (
    new Set(runs.map(({ fence }) => fence)).size < runs.length ||
    new Set(runs.map(({ attempt }) => attempt)).size < runs.length
  );
}

/** Each claim raises the fence: only the run with the highest one may have completed the job. */
function isStale({ status, finishedBy }: Observed, runs: readonly Effect[]): boolean {
  if (status !== "completed") return false;
  const last = runs.toSorted((a, b) => a.fence - b.fence).at(-1);
  return finishedBy === null || last?.fence !== finishedBy.fence || last.worker !== finishedBy.worker;
}
