import type { AttemptJson } from "@millrace/contract";
import type { JobAttempt } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { jobRef, requireVisible } from "./visible.ts";

/** The newest 500 attempts at a job, oldest first, the running one included. @throws FORBIDDEN, JOB_NOT_FOUND */
export async function listAttempts(ctx: Ctx, input: { readonly id: string }): Promise<readonly JobAttempt[]> {
  requireScope(ctx, "jobs:read");
  const ref = jobRef(ctx, input.id);
  requireVisible(ctx, await ctx.store.getJob(ref));
  return ctx.store.listAttempts(ref);
}

/** An attempt as JSON shows it. */
export function toAttemptJson({ attempt, startedAt, endedAt, worker, outcome, error }: JobAttempt): AttemptJson {
  return {
    attempt,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
    worker,
    outcome,
    ...(error === undefined ? {} : { error }),
  };
}
