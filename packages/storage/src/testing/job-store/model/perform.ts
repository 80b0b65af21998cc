import { isMillraceError } from "@millrace/contract";

import type {
  ClaimRequest,
  ClaimedJob,
  CompleteItem,
  JobStore,
  LeaseOutcome,
  NewJob,
} from "../../../jobs/job-store.ts";
import type { Answer, Claim, Complete, JobSpec, Operation } from "./operation.ts";

/** More than a run ever has. */
const allOfThem = 1_000;

/** Makes the call and answers what came of it. Only what is no MillraceError is thrown. */
export async function perform(store: JobStore, operation: Operation): Promise<Answer> {
  try {
    return await call(store, operation);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { kind: "refused", code: error.code === "INTERNAL" ? `INTERNAL ${String(error.cause)}` : error.code };
  }
}

async function call(store: JobStore, operation: Operation): Promise<Answer> {
  switch (operation.kind) {
    case "create": {
      const { job, duplicate } = await store.createJob(newJob(operation.spec));
      return { kind: "created", jobs: [{ id: job.id, duplicate }] };
    }
    case "createMany":
      return { kind: "created", jobs: await store.createJobs(operation.specs.map(newJob)) };
    case "claim":
      // What waits for its concurrency key is let in by upkeep, soon; here at once.
      await store.admitHeld();
      return claimed(await store.claimJobs(claimRequest(operation)));
    case "completeAndClaim": {
      const both = await store.completeAndClaim(completions(operation.complete), claimRequest(operation.claim));
      return { kind: "both", written: written(both.outcomes), claimed: claimed(both.claimed) };
    }
    case "heartbeat":
      return { kind: "beaten", items: await store.heartbeat(operation.tokens, operation.leaseMs) };
    case "complete":
      return written(await store.completeJobs(completions(operation)));
    case "fail": {
      const { message, retryable, retryAfterMs } = operation;
      const items = operation.tokens.map((leaseToken) => ({
        leaseToken,
        message,
        retryable,
        retryAfterMs: retryAfterMs ?? undefined,
      }));
      return written(await store.failJobs(items));
    }
    case "snooze": {
      const { delayMs } = operation;
      return written(await store.snoozeJobs(operation.tokens.map((leaseToken) => ({ leaseToken, delayMs }))));
    }
    case "release":
      return written(await store.releaseJobs(operation.tokens.map((leaseToken) => ({ leaseToken }))));
    case "progress": {
      const progress = JSON.stringify(operation.progress);
      return written(await store.progressJobs(operation.tokens.map((leaseToken) => ({ leaseToken, progress }))));
    }
    case "cancel":
      await store.cancelJob(operation.ref);
      return { kind: "done" };
    case "retry":
      await store.retryJob(operation.ref);
      return { kind: "done" };
    case "delete":
      await store.deleteJob(operation.ref);
      return { kind: "done" };
    case "update": {
      const { ref, priority, delayMs, maxAttempts, payload } = operation;
      await store.updateJob(ref, {
        priority: priority ?? undefined,
        delayMs: delayMs ?? undefined,
        maxAttempts: maxAttempts ?? undefined,
        payload: payload === null ? undefined : JSON.stringify(payload),
      });
      return { kind: "done" };
    }
    case "rescue": {
      const { retried, dead } = await store.rescueExpired(allOfThem);
      return { kind: "rescued", retried, dead };
    }
    case "promote": {
      const { promoted, nextDueInMs } = await store.promoteDue(allOfThem);
      return { kind: "promoted", count: promoted, nextDueInMs };
    }
    case "fold":
      await store.foldCounts(allOfThem);
      return { kind: "done" };
    default:
      return operation satisfies never;
  }
}

function newJob(spec: JobSpec): NewJob {
  return {
    tenantId: spec.tenantId,
    queue: spec.queue,
    type: spec.type,
    payload: JSON.stringify(spec.payload),
    priority: spec.priority,
    maxAttempts: spec.maxAttempts,
    retry: { kind: "fixed", delayMs: spec.retryDelayMs },
    delayMs: spec.delayMs === 0 ? undefined : spec.delayMs,
    idempotencyKey: spec.key ?? undefined,
    requestHash: spec.key === null ? undefined : spec.hash,
    concurrencyKey: spec.concurrencyKey ?? undefined,
    tags: [],
  };
}

function claimRequest({ worker, limit, leaseMs, tenantId, queues, types }: Claim): ClaimRequest {
  return {
    worker,
    limit,
    leaseMs,
    tenantId: tenantId ?? undefined,
    queues: queues ?? undefined,
    types: types ?? undefined,
  };
}

function completions({ tokens, result }: Complete): readonly CompleteItem[] {
  return tokens.map((leaseToken) => ({ leaseToken, result: JSON.stringify(result) }));
}

function claimed(jobs: readonly ClaimedJob[]): Answer {
  return {
    kind: "claimed",
    jobs: jobs.map(({ job: { id, status, attempts, fence, lockedBy, payload }, leaseToken: token }) => ({
      id,
      token,
      status,
      attempts,
      fence,
      lockedBy,
      payload,
    })),
  };
}

function written(outcomes: readonly LeaseOutcome[]): Answer {
  return { kind: "written", items: outcomes.map(({ ok, status }) => ({ ok, status })) };
}
