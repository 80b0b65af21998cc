import type { Answer } from "./operation.ts";
import { type ModelJob, type ModelState, failed, withJob } from "./state.ts";
import type { StepContext } from "./step.ts";

/** Within this much of the true time: the model's clock doesn't see how long the calls themselves take. */
const dueSlackMs = 10 * 60_000;

/** Ends every lease that is over as a failure would; among others it may leave some for the next time. */
export function stepRescue(state: ModelState, answer: Answer, { alone }: StepContext): readonly ModelState[] {
  if (answer.kind !== "rescued") return [];
  const over = [...state.jobs.values()].filter(
    (job) => job.status === "running" && (job.leaseUntilMs ?? 0) <= state.nowMs,
  );
  const outcomes = (alone ? [over] : subsets(over)).map((jobs) => jobs.map((job) => rescued(job, state.nowMs)));
  return outcomes
    .filter(
      (jobs) =>
        jobs.filter(({ status }) => status === "pending").length === answer.retried &&
        jobs.filter(({ status }) => status === "dead").length === answer.dead,
    )
    .map((jobs) => jobs.reduce(withJob, state));
}

/** Brings all that is due to where it can be claimed; among others it may leave some for the next time. */
export function stepPromote(state: ModelState, answer: Answer, { alone }: StepContext): readonly ModelState[] {
  if (answer.kind !== "promoted") return [];
  const scheduled = [...state.jobs.values()].filter((job) => job.place === "scheduled");
  const due = scheduled.filter((job) => job.dueAtMs <= state.nowMs);
  if (alone && !isNextDue(scheduled, state.nowMs, answer.nextDueInMs)) return [];
  return (alone ? [due] : subsets(due))
    .filter((jobs) => jobs.length === answer.count)
    .map((jobs) => jobs.reduce((next, job) => withJob(next, { ...job, place: "ready" }), state));
}

/** Moves the model's clock. */
export function stepAdvance(state: ModelState, byMs: number): ModelState {
  return { ...state, nowMs: state.nowMs + byMs };
}

function rescued(job: ModelJob, nowMs: number): ModelJob {
  const message = `lease expired (worker ${job.worker})`;
  return failed(job, nowMs, { message, retryable: true, delayMs: job.retryDelayMs, by: "rescue" }) ?? job;
}

function isNextDue(scheduled: readonly ModelJob[], nowMs: number, toldMs: number | null): boolean {
  const later = scheduled.map(({ dueAtMs }) => dueAtMs - nowMs).filter((inMs) => inMs > 0);
  if (later.length === 0 || toldMs === null) return later.length === 0 && toldMs === null;
  return Math.abs(Math.min(...later) - toldMs) < dueSlackMs;
}

function subsets<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const [first, ...rest] = items;
  if (first === undefined) return [[]];
  return subsets(rest).flatMap((set) => [set, [first, ...set]]);
}
