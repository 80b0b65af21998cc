import { type Ctx, requireScope } from "../context.ts";
import { visibleJobRef } from "./visible.ts";

/** Deletes a job that is not running. @throws FORBIDDEN, JOB_NOT_FOUND, INVALID_STATE */
export async function deleteJob(ctx: Ctx, input: { readonly id: string }): Promise<void> {
  requireScope(ctx, "jobs:write");
  await ctx.store.deleteJob(await visibleJobRef(ctx, input.id));
}
