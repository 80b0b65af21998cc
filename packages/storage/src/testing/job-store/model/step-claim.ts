import type { Answer, Claim } from "./operation.ts";
import { type ModelJob, type ModelState, moved } from "./state.ts";
import type { StepContext } from "./step.ts";

/**
 * A claim takes ready jobs that it asked for, each at its next fence, within all limits. Alone, it takes the best of each tenant
 * and queue, and comes back with nothing only if there is nothing.
 */
export function stepClaim(
  state: ModelState,
  claim: Claim,
  answer: Answer,
  { alone }: StepContext,
): readonly ModelState[] {
  if (answer.kind !== "claimed" || answer.jobs.length > claim.limit) return [];
  const wanted = [...state.jobs.values()].filter((job) => isWanted(job, claim));
  const jobs = new Map(state.jobs);
  const leases = new Map(state.leases);
  for (const { id, token, status, attempts, fence, lockedBy, payload } of answer.jobs) {
    const job = jobs.get(id);
    const next = job && isWanted(job, claim) && isAdmitted({ ...state, jobs }, job) ? moved(job, "claim") : undefined;
    if (next === undefined || leases.has(token)) return [];
    const claimed = {
      ...next,
      worker: claim.worker,
      attempts: next.attempts + 1,
      fence: next.fence + 1,
      leaseUntilMs: state.nowMs + claim.leaseMs,
    };
    const isTold =
      status === "running" && attempts === claimed.attempts && fence === claimed.fence && lockedBy === claim.worker;
    if (!isTold || payload !== claimed.payload) return [];
    jobs.set(id, claimed);
    leases.set(token, { jobId: id, fence });
  }
  const next = { ...state, jobs, leases };
  if (!alone) return [next];
  // Which job of a concurrency key comes next is decided before it is claimed, so those have no order here.
  const left = wanted.filter((job) => jobs.get(job.id) === job && !isKeyed(state, job) && isAdmitted(next, job));
  if (answer.jobs.length === 0 && left.length > 0) return [];
  const claimedJobs = wanted.filter((job) => jobs.get(job.id) !== job && !isKeyed(state, job));
  const isUnfair = claimedJobs.some((one) => left.some((other) => isSameLane(one, other) && isBefore(other, one)));
  return isUnfair ? [] : [next];
}

function isWanted(job: ModelJob, { tenantId, queues, types }: Claim): boolean {
  return (
    job.place === "ready" &&
    (tenantId === null || job.tenantId === tenantId) &&
    (queues === null || queues.includes(job.queue)) &&
    (types === null || types.includes(job.type))
  );
}

/** Whether one more job like this may run now. */
function isAdmitted({ jobs, limits }: ModelState, job: ModelJob): boolean {
  const running = [...jobs.values()].filter((other) => other.status === "running" && isSameLane(other, job));
  const max = limits.queues[`${job.tenantId}/${job.queue}`];
  if (max !== undefined && running.length >= max) return false;
  if (limits.perKey === null || job.concurrencyKey === null) return true;
  return running.filter(({ concurrencyKey }) => concurrencyKey === job.concurrencyKey).length < limits.perKey;
}

function isSameLane(one: ModelJob, other: ModelJob): boolean {
  return one.tenantId === other.tenantId && one.queue === other.queue;
}

function isKeyed({ limits }: ModelState, job: ModelJob): boolean {
  return limits.perKey !== null && job.concurrencyKey !== null;
}

/** Higher priority first, then what was due first. Jobs that came due at the same moment of the model have no order. */
function isBefore(one: ModelJob, other: ModelJob): boolean {
  return one.priority > other.priority || (one.priority === other.priority && one.dueAtMs < other.dueAtMs);
}
