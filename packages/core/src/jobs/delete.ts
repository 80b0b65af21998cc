import { type Ctx, requireScope } from "../context.ts";
import { requireVisibleId } from "./visible.ts";

/** Deletes a job that is not running. @throws FORBIDDEN, JOB_NOT_FOUND, INVALID_STATE */
export async function deleteJob(ctx: Ctx, input: { readonly id: string }): Promise<void> {
  requireScope(ctx, "jobs:write");
  await requireVisibleId(ctx, input.id);
  await ctx.store.deleteJob({ tenantId: ctx.actor.tenantId, id: input.id });
}
