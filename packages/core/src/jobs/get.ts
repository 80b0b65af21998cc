import type { Job } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { jobRef, requireVisible } from "./visible.ts";

/** One job. @throws FORBIDDEN, JOB_NOT_FOUND */
export async function getJob(ctx: Ctx, input: { readonly id: string }): Promise<Job> {
  requireScope(ctx, "jobs:read");
  const job = await ctx.store.getJob(jobRef(ctx, input.id));
  requireVisible(ctx, job);
  return job;
}
