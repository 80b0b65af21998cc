import type { Answer, JobSpec } from "./operation.ts";
import { type ModelJob, type ModelState, placed } from "./state.ts";
import type { StepContext } from "./step.ts";

/** Creates all of them or none: a key that is taken answers the job that has it, or refuses where the request differs. */
export function stepCreate(
  state: ModelState,
  specs: readonly JobSpec[],
  answer: Answer,
  { alone }: StepContext,
): readonly ModelState[] {
  if (answer.kind === "refused") {
    if (answer.code === "UNAVAILABLE") return alone ? [] : [state];
    return answer.code === "IDEMPOTENCY_KEY_REUSED" && isReused(state, specs) ? [state] : [];
  }
  if (answer.kind !== "created" || answer.jobs.length !== specs.length || isReused(state, specs)) return [];
  const jobs = new Map(state.jobs);
  const keys = new Map(state.keys);
  for (const [index, spec] of specs.entries()) {
    const { id, duplicate } = answer.jobs[index]!;
    const taken = spec.key === null ? undefined : keys.get(keyOf(spec));
    if (duplicate !== (taken !== undefined)) return [];
    if (taken !== undefined && taken.jobId !== id) return [];
    if (taken !== undefined) continue;
    if (jobs.has(id)) return [];
    jobs.set(id, fresh(spec, id, state.nowMs));
    if (spec.key !== null) keys.set(keyOf(spec), { jobId: id, hash: spec.hash });
  }
  return [{ ...state, jobs, keys }];
}

/** Where an idempotency key is looked up. */
export function keyOf({ tenantId, key }: { readonly tenantId: string; readonly key: string | null }): string {
  return `${tenantId}/${key}`;
}

function isReused(state: ModelState, specs: readonly JobSpec[]): boolean {
  const hashes = new Map([...state.keys].map(([key, { hash }]) => [key, hash]));
  for (const spec of specs) {
    if (spec.key === null) continue;
    if ((hashes.get(keyOf(spec)) ?? spec.hash) !== spec.hash) return true;
    hashes.set(keyOf(spec), spec.hash);
  }
  return false;
}

function fresh(spec: JobSpec, id: string, nowMs: number): ModelJob {
  const job: ModelJob = {
    ...spec,
    id,
    status: "pending",
    place: null,
    dueAtMs: nowMs,
    attempts: 0,
    fence: 0,
    worker: null,
    leaseUntilMs: null,
    errors: [],
    lastError: null,
    result: null,
    progress: null,
  };
  return placed(job, nowMs + spec.delayMs, nowMs);
}
