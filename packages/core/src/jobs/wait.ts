import { type WaitForJobQuery, isTerminal, waitForJobQuerySchema } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { stopping } from "../stopping.ts";
import type { WatchCtx } from "../watch/context.ts";
import { getJob } from "./get.ts";

/**
 * The job once it is finished, or as it stands after `timeoutMs` or when the signal of the context fires. A signal that has fired before says that nobody may
 * begin to wait. @throws FORBIDDEN, VALIDATION_FAILED, JOB_NOT_FOUND, UNAVAILABLE
 */
export async function waitForJob(
  ctx: WatchCtx,
  input: { readonly id: string; readonly query: WaitForJobQuery },
): Promise<Job> {
  requireScope(ctx, "jobs:read");
  const { id, query } = input;
  const deadline = performance.now() + parse(waitForJobQuerySchema, query).timeoutMs;
  const mayWait = ctx.signal?.aborted !== true;
  const first = await getJob(ctx, { id });
  if (isTerminal(first.status) || performance.now() >= deadline) return first;
  if (!mayWait) throw stopping();
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
