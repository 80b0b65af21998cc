import { type WaitForJobQuery, isTerminal, waitForJobQuerySchema } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { getJob } from "./get.ts";

/** The first re-check comes soon, for jobs that take milliseconds; later ones back off to `pollMsMax`. */
const pollMsMin = 10;
const pollMsMax = 500;

/** The job once it is finished, or as it stands after `timeoutMs` or when the caller has gone. @throws FORBIDDEN, VALIDATION_FAILED, JOB_NOT_FOUND */
export async function waitForJob(
  ctx: Ctx,
  input: { readonly id: string; readonly query: WaitForJobQuery },
): Promise<Job> {
  requireScope(ctx, "jobs:read");
  const { id, query } = input;
  const deadline = performance.now() + parse(waitForJobQuerySchema, query).timeoutMs;
  let pollMs = pollMsMin;
  for (;;) {
    const job = await getJob(ctx, { id });
    const leftMs = deadline - performance.now();
    if (isTerminal(job.status) || leftMs <= 0 || ctx.signal?.aborted === true) return job;
    await pause(Math.min(pollMs, leftMs), ctx.signal);
    pollMs = Math.min(pollMs * 1.5, pollMsMax);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
