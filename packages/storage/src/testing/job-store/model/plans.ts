import * as fc from "fast-check";

import type { Claim, JobSpec, Operation } from "./operation.ts";
import type { ModelState } from "./state.ts";

/** An operation that is still to be aimed at jobs and leases that are there when it comes to it. */
export type Plan = (state: ModelState) => Operation | undefined;

/** A plan that says what it is when a run fails. */
export interface NamedPlan {
  readonly name: string;
  readonly resolve: Plan;
}

/** What runs are made of. */
export interface PlanOptions {
  /** Give some jobs a concurrency key; for stores that know what it means. */
  readonly concurrencyKeys: boolean;
}

export const hourMs = 3_600_000;
/** Leases and delays are odd hours and the clock moves by even ones, so nothing is ever due or over at that very moment. */
const leaseMs = hourMs;
const tenantIds = ["model-a", "model-b"];
const queues = ["x", "y"];
const types = ["t", "u"];
/** Of all leases, tokens are drawn from so many of the latest, so that about half of them are stale. */
const tokensRecent = 8;

/** The tenants that all jobs of a run belong to. */
export const modelTenants: readonly string[] = tenantIds;

/** Their queues, as `tenant/queue`. */
export const modelLanes: readonly string[] = tenantIds.flatMap((tenantId) =>
  queues.map((queue) => `${tenantId}/${queue}`),
);

/** Any operation, those more often that lead somewhere. */
export function anyPlan({ concurrencyKeys }: PlanOptions): fc.Arbitrary<NamedPlan> {
  const spec: fc.Arbitrary<JobSpec> = fc.record({
    tenantId: fc.constantFrom(...tenantIds),
    queue: fc.constantFrom(...queues),
    type: fc.constantFrom(...types),
    priority: fc.integer({ min: 0, max: 2 }),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    delayMs: fc.constantFrom(0, 0, 0, hourMs),
    retryDelayMs: fc.constantFrom(0, hourMs),
    payload: fc.nat(99),
    key: fc.constantFrom(null, null, "k1", "k2"),
    hash: fc.constantFrom("h1", "h1", "h1", "h2"),
    concurrencyKey: concurrencyKeys ? fc.constantFrom(null, "c1", "c2") : fc.constant(null),
  });
  const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
  const filter = (values: readonly string[]) =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.subarray([...values], { minLength: 1 }));
  const claim: fc.Arbitrary<Claim> = fc.record({
    kind: fc.constant("claim"),
    leaseMs: fc.constant(leaseMs),
    worker: fc.constantFrom("w1", "w2", "w3"),
    limit: fc.integer({ min: 1, max: 4 }),
    tenantId: fc.constantFrom(null, null, ...tenantIds),
    queues: filter(queues),
    types: filter(types),
  });
  const ofOne = (kind: "cancel" | "retry" | "delete") =>
    plan(kind, fc.record({ job: fc.nat(), stranger: fc.nat(19) }), ({ job, stranger }) => (state) => {
      const ref = refAt(state, job, stranger === 0);
      return ref && { kind, ref };
    });

  return fc.oneof(
    { weight: 6, arbitrary: plan("create", spec, (given) => () => ({ kind: "create", spec: given })) },
    {
      weight: 1,
      arbitrary: plan("createMany", fc.array(spec, { minLength: 1, maxLength: 4 }), (specs) => () => ({
        kind: "createMany",
        specs,
      })),
    },
    { weight: 8, arbitrary: plan("claim", claim, (given) => () => given) },
    {
      weight: 2,
      arbitrary: plan("completeAndClaim", fc.record({ picks, result: fc.nat(9), claim }), ({ picks: given, ...both }) =>
        aimed(given, (tokens) => ({
          kind: "completeAndClaim",
          complete: { kind: "complete", tokens, result: both.result },
          claim: both.claim,
        })),
      ),
    },
    {
      weight: 3,
      arbitrary: plan("heartbeat", picks, (given) =>
        aimed(given, (tokens) => ({ kind: "heartbeat", tokens, leaseMs })),
      ),
    },
    {
      weight: 4,
      arbitrary: plan("complete", fc.record({ picks, result: fc.nat(9) }), ({ picks: given, result }) =>
        aimed(given, (tokens) => ({ kind: "complete", tokens, result })),
      ),
    },
    {
      weight: 4,
      arbitrary: plan(
        "fail",
        fc.record({
          picks,
          message: fc.constantFrom("boom", "bang"),
          retryable: fc.constantFrom(true, true, false),
          retryAfterMs: fc.constantFrom(null, null, 0, hourMs),
        }),
        ({ picks: given, ...failure }) => aimed(given, (tokens) => ({ kind: "fail", tokens, ...failure })),
      ),
    },
    {
      weight: 2,
      arbitrary: plan(
        "snooze",
        fc.record({ picks, delayMs: fc.constantFrom(0, hourMs) }),
        ({ picks: given, delayMs }) => aimed(given, (tokens) => ({ kind: "snooze", tokens, delayMs })),
      ),
    },
    {
      weight: 2,
      arbitrary: plan("release", picks, (given) => aimed(given, (tokens) => ({ kind: "release", tokens }))),
    },
    {
      weight: 1,
      arbitrary: plan("progress", fc.record({ picks, progress: fc.nat(9) }), ({ picks: given, progress }) =>
        aimed(given, (tokens) => ({ kind: "progress", tokens, progress })),
      ),
    },
    { weight: 2, arbitrary: ofOne("cancel") },
    { weight: 2, arbitrary: ofOne("retry") },
    { weight: 1, arbitrary: ofOne("delete") },
    {
      weight: 2,
      arbitrary: plan(
        "update",
        fc.record({
          job: fc.nat(),
          priority: fc.constantFrom(null, 0, 5),
          delayMs: fc.constantFrom(null, 0, hourMs),
          maxAttempts: fc.constantFrom(null, 1, 2, 4),
          payload: fc.constantFrom(null, 7),
        }),
        ({ job, ...changes }) =>
          (state) => {
            const ref = refAt(state, job, false);
            return ref && { kind: "update", ref, ...changes };
          },
      ),
    },
    { weight: 3, arbitrary: plan("rescue", fc.constant(null), () => () => ({ kind: "rescue" })) },
    { weight: 3, arbitrary: plan("promote", fc.constant(null), () => () => ({ kind: "promote" })) },
    { weight: 1, arbitrary: plan("fold", fc.constant(null), () => () => ({ kind: "fold" })) },
  );
}

function plan<Given>(
  kind: string,
  given: fc.Arbitrary<Given>,
  resolve: (given: Given) => Plan,
): fc.Arbitrary<NamedPlan> {
  return given.map((value) => ({
    name: value === null ? kind : `${kind} ${JSON.stringify(value)}`,
    resolve: resolve(value),
  }));
}

function aimed(picks: readonly number[], make: (tokens: readonly string[]) => Operation): Plan {
  return (state) => {
    const recent = [...state.leases.keys()].slice(-tokensRecent);
    if (recent.length === 0) return undefined;
    return make(picks.map((pick) => recent[pick % recent.length]!));
  };
}

function refAt(state: ModelState, pick: number, isStranger: boolean) {
  const jobs = [...state.jobs.values()];
  const job = jobs[pick % Math.max(1, jobs.length)];
  if (job === undefined) return undefined;
  const tenantId = isStranger ? tenantIds.find((other) => other !== job.tenantId)! : job.tenantId;
  return { tenantId, id: job.id };
}
