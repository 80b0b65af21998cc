import { type HeartbeatRequest, heartbeatRequestSchema } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { type HeartbeatAnswer, leaseLost, ownJobId } from "./items.ts";

/** Extends the leases that are still held to `leaseMs` from now. @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE */
export async function heartbeatJobs(ctx: LeaseCtx, input: HeartbeatRequest): Promise<HeartbeatAnswer> {
  requireScope(ctx, "jobs:work");
  const { items, leaseMs } = parse(heartbeatRequestSchema, input);
  await ctx.clock.ready();
  const jobIds = items.map(({ leaseToken }) => ownJobId(ctx, leaseToken));
  const tokens = items.flatMap(({ leaseToken }, index) => (jobIds[index] === undefined ? [] : [leaseToken]));
  const answers = (tokens.length === 0 ? [] : await ctx.store.heartbeat(tokens, leaseMs)).values();
  const outcomes = jobIds.map((id): HeartbeatAnswer["outcomes"][number] => {
    const answer = id === undefined ? undefined : answers.next().value;
    const cancelRequested = answer?.cancelRequested ?? false;
    if (id === undefined || answer?.ok !== true) {
      return { ok: false, error: leaseLost(answer?.status ?? null), cancelRequested };
    }
    return { ok: true, job: { id, status: answer.status ?? "running" }, cancelRequested };
  });
  return { outcomes, serverTime: ctx.clock.now() };
}
