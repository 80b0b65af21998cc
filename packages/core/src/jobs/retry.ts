import type { Job } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { visibleJobRef } from "./visible.ts";

/** Makes a finished job pending again. @throws FORBIDDEN, JOB_NOT_FOUND, INVALID_STATE */
export async function retryJob(ctx: Ctx, input: { readonly id: string }): Promise<Job> {
  requireScope(ctx, "jobs:write");
  return ctx.store.retryJob(await visibleJobRef(ctx, input.id));
}
