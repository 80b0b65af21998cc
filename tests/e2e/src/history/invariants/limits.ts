import type { Violation } from "../check-history.ts";
import { type Hold, type JobHistory, holdsOf } from "../history.ts";

/** How many jobs may run at once. */
export interface ConcurrencyLimits {
  /** Of a queue, by its name. */
  readonly queues?: Readonly<Record<string, number>>;
  /** Of the jobs with the same concurrency key in one queue. */
  readonly perKey?: number;
}

/** At no instant are more jobs held than a limit allows. Jobs count whose queue and key were written down when they were acknowledged. */
export function findOvershoots(jobs: readonly JobHistory[], limits: ConcurrencyLimits): readonly Violation[] {
  const groups = new Map<string, { readonly max: number; readonly holds: Hold[] }>();
  const join = (group: string, max: number | undefined, holds: readonly Hold[]) => {
    if (max === undefined) return;
    if (!groups.has(group)) groups.set(group, { max, holds: [] });
    groups.get(group)?.holds.push(...holds);
  };
  for (const job of jobs) {
    const [{ queue, concurrencyKey } = {}] = job.acknowledged;
    if (queue === undefined) continue;
    const holds = holdsOf(job);
    join(`queue ${queue}`, limits.queues?.[queue], holds);
    if (concurrencyKey !== undefined) join(`key ${concurrencyKey} of queue ${queue}`, limits.perKey, holds);
  }
  return [...groups].flatMap(([group, { max, holds }]) => overshootsOf(group, max, holds));
}

/** Sweeps the instants at which a hold begins; only there can a group grow beyond its limit. */
function overshootsOf(group: string, max: number, holds: readonly Hold[]): readonly Violation[] {
  const violations: Violation[] = [];
  let open: readonly Hold[] = [];
  for (const hold of holds.toSorted((a, b) => a.fromMs - b.fromMs)) {
    open = [...open.filter(({ untilMs }) => untilMs > hold.fromMs), hold];
    if (open.length <= max) continue;
    const others = open.map(({ jobId, fence }) => `${jobId} (fence ${fence})`).join(", ");
    violations.push({
      invariant: "limit",
      jobId: hold.jobId,
      detail: `${open.length} at once where ${group} allows ${max}: ${others}`,
    });
  }
  return violations;
}
