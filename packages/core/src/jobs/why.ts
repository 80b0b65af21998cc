import { isTerminal, MillraceError, type Why, type WhyReason } from "@millrace/contract";
import type { Job, PendingFacts } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { jobRef, requireVisible } from "./visible.ts";

/** How often to look again at a job that changes from pending to something else between two looks. */
const looksMax = 5;

/** Why a job is where it is: every reason that holds now. @throws FORBIDDEN, JOB_NOT_FOUND */
export async function whyJob(ctx: Ctx, input: { readonly id: string }): Promise<Why> {
  requireScope(ctx, "jobs:read");
  const ref = jobRef(ctx, input.id);
  for (let looks = 0; looks < looksMax; looks++) {
    const job = await ctx.store.getJob(ref);
    requireVisible(ctx, job);
    if (job.status !== "pending") return { state: job.status, reasons: [settled(job)] };
    const facts = await ctx.store.whyPending(ref);
    if (facts !== undefined) return { state: "pending", reasons: [...reasonsOf(facts)] };
  }
  throw new MillraceError("UNAVAILABLE", `Job ${ref.id} keeps changing its state; try again.`, { retryAfterMs: 100 });
}

function settled({ status, lockedBy, startedAt, leaseExpiresAt, completedAt }: Job): WhyReason {
  if (isTerminal(status)) {
    return { code: "FINISHED", detail: `The job is ${status}.`, completedAt: text(completedAt) };
  }
  const detail = `The worker ${lockedBy ?? ""} runs it.`;
  return {
    code: "RUNNING",
    detail,
    worker: lockedBy,
    startedAt: text(startedAt),
    leaseExpiresAt: text(leaseExpiresAt),
  };
}

function reasonsOf(facts: PendingFacts): readonly WhyReason[] {
  const { queue, type, dueAt, pausedAt, waitsFor, ahead } = facts;
  const reasons: WhyReason[] = [];
  if (waitsFor !== null) {
    const detail = `It waits for ${waitsFor.length} other ${waitsFor.length === 1 ? "job" : "jobs"} to complete.`;
    reasons.push({ code: "WAITING_FOR", detail, jobs: [...waitsFor] });
  }
  if (dueAt !== null) {
    const scheduledAt = dueAt.toISOString();
    reasons.push({ code: "NOT_DUE", detail: `It is due at ${scheduledAt}.`, scheduledAt });
  }
  if (pausedAt !== null) {
    reasons.push({ code: "PAUSED", detail: `The queue ${queue} is paused.`, pausedAt: pausedAt.toISOString() });
  }
  reasons.push(...limitsOf(facts));
  if (!facts.hasWorker) {
    const detail = `No worker for the queue ${queue} and the type ${type} was seen in the last minute.`;
    reasons.push({ code: "NO_WORKER", detail, queue, type });
  }
  if (ahead !== null || reasons.length === 0) {
    const before = ahead ?? 0;
    const detail = before === 0 ? "It is the next of its queue." : `${before} jobs of its queue come before it.`;
    reasons.push({ code: "BEHIND", detail, ahead: before });
  }
  return reasons;
}

function limitsOf(facts: PendingFacts): readonly WhyReason[] {
  const { queue, running, runningMax, nextTokenInMs, concurrencyKey, keyRunningMax, keyUsed, aheadOfKey } = facts;
  const reasons: WhyReason[] = [];
  if (runningMax !== null && running !== null && running >= runningMax) {
    const detail = `${running} jobs of the queue ${queue} run; its limit is ${runningMax}.`;
    reasons.push({ code: "QUEUE_LIMIT", detail, running, limit: runningMax });
  }
  if (nextTokenInMs !== null && nextTokenInMs > 0) {
    const detail = `The rate limit of the queue ${queue} lets the next job start in ${Math.ceil(nextTokenInMs)} ms.`;
    reasons.push({ code: "RATE_LIMITED", detail, nextTokenInMs });
  }
  if (concurrencyKey !== null && aheadOfKey !== null && ((keyUsed ?? 0) >= keyRunningMax || aheadOfKey > 0)) {
    const detail = `The concurrency key ${JSON.stringify(concurrencyKey)} lets ${keyRunningMax} of its jobs in at a time.`;
    reasons.push({ code: "KEY_SATURATED", detail, key: concurrencyKey, limit: keyRunningMax, ahead: aheadOfKey });
  }
  return reasons;
}

function text(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
