import { type FieldError, type JobStatus, MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import type { PreparedJob } from "./insert.ts";

/** The function holds the argument why none of the jobs that it answers can end unseen before the caller's transaction does (migration 0003). */
const lockStatement: Statement = {
  name: "jobs.lockDependencies",
  text: `select d.id, d.status from millrace.lock_dependencies($1::text, $2::uuid[]) d`,
};

/** So many jobs may wait for one: its end releases or cancels them all in its own statement, which has a deadline. `millrace.enqueue` has the same bound. */
export const dependentsMax = 10_000;

/** Counts no further than it matters. Calls that enter at the same moment don't see each other's jobs, so the bound can be passed by theirs. */
const dependentsStatement: Statement = {
  name: "jobs.countDependents",
  text: `
select i.id, (select count(*)::integer from (select from millrace.job_dependencies d where d.depends_on = i.id limit ${dependentsMax}) d) as n
from unnest($1::uuid[]) as i(id)`,
};

/** A job that enters, and where: in line, blocked by jobs that have not completed, or cancelled at once since one of them never will. */
export interface Placed {
  readonly job: PreparedJob;
  readonly waitsFor: readonly string[];
  readonly cancelledBecause: string | null;
}

/** A job of a call: how the request names it, and its id once keys are decided, which is another job's where the key named that. */
export interface FlowJob {
  readonly job: PreparedJob;
  readonly path: string;
  readonly id: string;
  readonly enters: boolean;
}

/**
 * Where the jobs of a call that enter are placed, by the states of those that they depend on, which are locked until the transaction ends.
 * `order` has each job after those of the call that it depends on. @throws VALIDATION_FAILED for a dependency on no job
 */
export async function placeDependents(
  tx: Executor,
  jobs: readonly FlowJob[],
  order: readonly number[],
): Promise<readonly Placed[]> {
  const idOf = (dependency: string | number) =>
    typeof dependency === "number" ? (jobs[dependency]?.id ?? "") : dependency.toLowerCase();
  const entering = new Set(jobs.flatMap(({ id, enters }) => (enters ? [id] : [])));
  const states = await lockedStates(tx, jobs, (dependency) => {
    const id = idOf(dependency);
    return entering.has(id) ? undefined : id;
  });

  const dependents = await countDependents(tx, states);
  const placed: Placed[] = [];
  const problems: FieldError[] = [];
  for (const index of order) {
    const flowJob = jobs[index];
    if (flowJob?.enters !== true) continue;
    const { job, path } = flowJob;
    const waitsFor = new Set<string>();
    let cancelledBecause: string | null = null;
    for (const [at, dependency] of (job.dependsOn ?? []).entries()) {
      const id = idOf(dependency);
      const state = states.get(id) ?? null;
      if (state === null) {
        problems.push({ path: `${path}dependsOn.${at}`, code: "not_found", message: `There is no job ${id}.` });
      } else if (hasFailed(state) && job.onDependencyFailure !== "wait") {
        cancelledBecause ??= `The job ${id}, on which this one depends, ${state === "dead" ? "died" : "was cancelled"}.`;
      } else if (state !== "completed") {
        const count = (dependents.get(id) ?? 0) + 1;
        dependents.set(id, count);
        if (count > dependentsMax) {
          const message = `${dependentsMax} jobs depend on the job ${id} already; more can't.`;
          problems.push({ path: `${path}dependsOn.${at}`, code: "too_many", message });
        }
        waitsFor.add(id);
      }
    }
    states.set(job.id, cancelledBecause === null ? "pending" : "cancelled");
    placed.push({ job, waitsFor: cancelledBecause === null ? [...waitsFor] : [], cancelledBecause });
  }
  if (problems.length > 0) {
    throw new MillraceError("VALIDATION_FAILED", "A job can't depend on one that it names.", { errors: problems });
  }
  return placed;
}

function hasFailed(status: JobStatus): boolean {
  return status === "dead" || status === "cancelled";
}

/** How many jobs wait for each of those that may still end. */
async function countDependents(
  tx: Executor,
  states: ReadonlyMap<string, JobStatus | null>,
): Promise<Map<string, number>> {
  const open = [...states].flatMap(([id, status]) => (status === null || status === "completed" ? [] : [id]));
  if (open.length === 0) return new Map();
  const rows = await tx.query<{ id: string; n: number }>(dependentsStatement, [open]);
  return new Map(rows.map(({ id, n }) => [id, n]));
}

/** The states of the jobs of earlier calls, those of each tenant locked in one go. */
async function lockedStates(
  tx: Executor,
  jobs: readonly FlowJob[],
  earlierId: (dependency: string | number) => string | undefined,
): Promise<Map<string, JobStatus | null>> {
  const byTenant = new Map<string, Set<string>>();
  for (const { job, enters } of jobs) {
    if (!enters) continue;
    for (const dependency of job.dependsOn ?? []) {
      const id = earlierId(dependency);
      if (id === undefined) continue;
      const ids = byTenant.get(job.tenantId) ?? new Set();
      byTenant.set(job.tenantId, ids.add(id));
    }
  }
  const states = new Map<string, JobStatus | null>();
  for (const [tenantId, ids] of byTenant) {
    const rows = await tx.query<{ id: string; status: JobStatus | null }>(lockStatement, [tenantId, [...ids]]);
    for (const { id, status } of rows) states.set(id, status);
  }
  return states;
}
