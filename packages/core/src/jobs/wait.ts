import { type WaitForJobQuery, isTerminal, waitForJobQuerySchema } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { WatchCtx } from "../watch/context.ts";
import { getJob } from "./get.ts";

/** The job once it is finished, or as it stands after `timeoutMs` or when the caller has gone. @throws FORBIDDEN, VALIDATION_FAILED, JOB_NOT_FOUND */
export async function waitForJob(
  ctx: WatchCtx,
  input: { readonly id: string; readonly query: WaitForJobQuery },
): Promise<Job> {
  requireScope(ctx, "jobs:read");
  const { id, query } = input;
  const deadline = performance.now() + parse(waitForJobQuerySchema, query).timeoutMs;
  const first = await getJob(ctx, { id });
  if (isOver(ctx, first, deadline)) return first;
  const changes = ctx.watch.watch(first.id, "end");
  try {
    for (;;) {
      await changes.next({ timeoutMs: Math.max(0, deadline - performance.now()), signal: ctx.signal });
      const job = await getJob(ctx, { id });
      if (isOver(ctx, job, deadline)) return job;
    }
  } finally {
    changes.close();
  }
}

function isOver({ signal }: WatchCtx, job: Job, deadline: number): boolean {
  return isTerminal(job.status) || performance.now() >= deadline || signal?.aborted === true;
}
