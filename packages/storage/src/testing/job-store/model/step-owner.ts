import type { Answer, Operation } from "./operation.ts";
import { type ModelJob, type ModelState, failed, moved, placed, withJob } from "./state.ts";
import type { StepContext } from "./step.ts";

type OwnersWrite = Extract<Operation, { readonly kind: "complete" | "fail" | "snooze" | "release" | "progress" }>;
type Heartbeat = Extract<Operation, { readonly kind: "heartbeat" }>;

/**
 * Each item by itself: the owner's takes effect; a stale one changes nothing and is told the job's state after the whole batch
 * (among other calls, a later one).
 */
export function stepOwner(
  state: ModelState,
  write: OwnersWrite,
  answer: Answer,
  { alone }: StepContext,
): readonly ModelState[] {
  if (answer.kind !== "written" || answer.items.length !== write.tokens.length) return [];
  // One token twice is one write with two answers.
  const answers = new Map(write.tokens.map((token, index) => [token, answer.items[index]!]));
  let next = state;
  const stale: string[] = [];
  for (const [token, item] of answers) {
    const job = held(next, token);
    const written = job && applied(job, write, next.nowMs);
    if (written === undefined) stale.push(token);
    else if (!item.ok || item.status !== written.status) return [];
    else next = withJob(next, written);
  }
  for (const token of stale) {
    const { ok, status } = answers.get(token)!;
    if (ok ? !isRepeat(state, token, write) : alone && status !== presentStatus(next, token)) return [];
  }
  return [next];
}

/** Extends what is held, and tells the owner of a cancelled job so. */
export function stepHeartbeat(
  state: ModelState,
  { tokens, leaseMs }: Heartbeat,
  answer: Answer,
  { alone }: StepContext,
): readonly ModelState[] {
  if (answer.kind !== "beaten" || answer.items.length !== tokens.length) return [];
  let next: readonly ModelState[] = [state];
  for (const [index, token] of tokens.entries()) {
    const { ok, cancelRequested } = answer.items[index]!;
    const job = held(state, token);
    if (ok !== (job !== undefined) || (ok && cancelRequested)) return [];
    if (job === undefined) {
      if (alone && cancelRequested !== (presentStatus(state, token) === "cancelled")) return [];
      continue;
    }
    const extended = next.map((one) => withJob(one, { ...job, leaseUntilMs: state.nowMs + leaseMs }));
    // A beat never waits: what another holds right then keeps its deadline.
    next = alone ? extended : [...extended, ...next];
  }
  return next;
}

/** The running job whose present lease this token proves. */
function held(state: ModelState, token: string): ModelJob | undefined {
  const lease = state.leases.get(token);
  const job = lease && state.jobs.get(lease.jobId);
  return job?.status === "running" && job.fence === lease?.fence ? job : undefined;
}

function presentStatus(state: ModelState, token: string): string | null {
  return state.jobs.get(state.leases.get(token)?.jobId ?? "")?.status ?? null;
}

/** A completion that has been done already, with the same token and result, may be answered as it was the first time. */
function isRepeat(state: ModelState, token: string, write: OwnersWrite): boolean {
  const lease = state.leases.get(token);
  const job = lease && state.jobs.get(lease.jobId);
  return (
    write.kind === "complete" &&
    job?.status === "completed" &&
    job.fence === lease?.fence &&
    job.result === write.result
  );
}

function applied(job: ModelJob, write: OwnersWrite, nowMs: number): ModelJob | undefined {
  switch (write.kind) {
    case "complete": {
      const done = moved(job, "complete");
      return done && { ...done, result: write.result };
    }
    case "fail":
      return failed(job, nowMs, {
        message: write.message,
        retryable: write.retryable,
        delayMs: write.retryAfterMs ?? job.retryDelayMs,
        by: "fail",
      });
    case "snooze":
      return handedBack(moved(job, "snooze"), nowMs + write.delayMs, nowMs);
    case "release":
      return handedBack(moved(job, "release"), Math.min(job.dueAtMs, nowMs), nowMs);
    case "progress":
      return { ...job, progress: write.progress };
    default:
      return write satisfies never;
  }
}

function handedBack(job: ModelJob | undefined, dueAtMs: number, nowMs: number): ModelJob | undefined {
  return job && placed({ ...job, attempts: job.attempts - 1 }, dueAtMs, nowMs);
}
