import { MillraceError, flowOrder } from "@millrace/contract";

import type { Executor } from "../executor.ts";
import { insertDependents } from "./insert-dependents.ts";
import { type PreparedJob, insertUnkeyed, prepare } from "./insert.ts";
import type { CreatedJobId, NewJob } from "./job-store.ts";
import { type FlowJob, placeDependents } from "./place-dependents.ts";
import { type KeyOutcome, takeKeys } from "./take-keys.ts";

/** The jobs of one call, with ids that sort in the order in which they can run. */
export interface PreparedFlow {
  readonly jobs: readonly PreparedJob[];
  /** Positions, each job after those that it depends on. */
  readonly order: readonly number[];
  /** How the request names the fields of the job at a position. */
  readonly pathOf: (index: number) => string;
}

/** @throws VALIDATION_FAILED where jobs depend on one another in a circle */
export function prepareFlow(jobs: readonly NewJob[], pathOf: (index: number) => string): PreparedFlow {
  const sorted = flowOrder(
    jobs.map(({ dependsOn = [] }) => dependsOn.filter((dependency) => typeof dependency === "number")),
  );
  if (!sorted.ok) {
    throw new MillraceError("VALIDATION_FAILED", "Jobs depend on one another in a circle.", {
      errors: sorted.cyclic.map((index) => ({
        path: `${pathOf(index)}dependsOn`,
        code: "circular",
        message: "Jobs that depend on one another in a circle never run.",
      })),
    });
  }
  const prepared: PreparedJob[] = [];
  for (const index of sorted.order) {
    const job = jobs[index];
    if (job !== undefined) prepared[index] = prepare(job);
  }
  return { jobs: prepared, order: sorted.order, pathOf };
}

/**
 * Inserts all jobs of a call in the transaction, by the policies of their keys and behind the jobs that they depend on.
 * When this throws, the transaction must roll back. @throws IDEMPOTENCY_KEY_REUSED, DUPLICATE_JOB, VALIDATION_FAILED, UNAVAILABLE
 */
export async function insertAll(
  tx: Executor,
  { jobs, order, pathOf }: PreparedFlow,
  notify: string | null,
): Promise<readonly CreatedJobId[]> {
  const keyed = jobs.flatMap((job, index) => (job.idempotencyKey === undefined ? [] : [{ job, path: pathOf(index) }]));
  const keys = keyed.length === 0 ? new Map<PreparedJob, KeyOutcome>() : await takeKeys(tx, keyed);
  const answers = jobs.map((job) => answerOf(job, keys.get(job)));
  const entering = jobs.filter((_, index) => answers[index]?.duplicate === false);
  if (entering.some((job) => job.dependsOn !== undefined)) {
    const flow = jobs.map((job, index): FlowJob => {
      const { id, duplicate } = answers[index] ?? { id: job.id, duplicate: false };
      return { job, path: pathOf(index), id, enters: !duplicate };
    });
    await insertDependents(tx, await placeDependents(tx, flow, order), notify);
  } else if (entering.length > 0) {
    await insertUnkeyed(tx, entering, notify);
  }
  return answers;
}

function answerOf(job: PreparedJob, outcome: KeyOutcome | undefined): CreatedJobId {
  if (outcome === undefined || outcome.kind === "taken") return { id: job.id, duplicate: false };
  const answer = { id: outcome.jobId, duplicate: true };
  return outcome.kind === "replaced" ? { ...answer, replaced: true } : answer;
}
