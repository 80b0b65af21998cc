import { type UpdateJobRequest, updateJobRequestSchema } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
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
  return ctx.store.updateJob(ref, {
    ...changes,
    scheduledAt: scheduledAt === undefined ? undefined : new Date(scheduledAt),
    payload: payload === undefined ? undefined : storedPayload(payload, "payload"),
  });
}
