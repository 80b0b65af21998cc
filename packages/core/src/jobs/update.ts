import { type UpdateJobRequest, updateJobRequestSchema } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { checkPayloads } from "../schemas/check-payloads.ts";
import { storedPayload } from "./new-job.ts";
import { visibleJobRef } from "./visible.ts";

/** Changes a pending job. @throws FORBIDDEN, VALIDATION_FAILED, JOB_NOT_FOUND, INVALID_STATE */
export async function updateJob(
  ctx: Ctx,
  input: { readonly id: string; readonly changes: UpdateJobRequest },
): Promise<Job> {
  requireScope(ctx, "jobs:write");
  const { payload, scheduledAt, ...changes } = parse(updateJobRequestSchema, input.changes);
  const ref = await visibleJobRef(ctx, input.id);
  const stored = payload === undefined ? undefined : storedPayload(payload, "payload");
  if (payload !== undefined) {
    const { type } = await ctx.store.getJob(ref);
    await checkPayloads(ctx, [{ type, payload, path: "payload" }]);
  }
  return ctx.store.updateJob(ref, {
    ...changes,
    scheduledAt: scheduledAt === undefined ? undefined : new Date(scheduledAt),
    payload: stored,
  });
}
