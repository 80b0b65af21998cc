import type { Job } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { visibleJobRef } from "./visible.ts";

/** Cancels a pending or running job. @throws FORBIDDEN, JOB_NOT_FOUND, INVALID_STATE */
export async function cancelJob(ctx: Ctx, input: { readonly id: string }): Promise<Job> {
  requireScope(ctx, "jobs:write");
  return ctx.store.cancelJob(await visibleJobRef(ctx, input.id));
}
