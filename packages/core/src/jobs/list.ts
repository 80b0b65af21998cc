import { type ListJobsQuery, MillraceError, listJobsQuerySchema } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { type Ctx, requireQueue, requireScope } from "../context.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { parse } from "../parse.ts";

export interface JobList {
  readonly jobs: readonly Job[];
  readonly nextCursor: string | null;
}

/** A page of jobs, newest first; it may be short while `nextCursor` is set. @throws FORBIDDEN, VALIDATION_FAILED */
export async function listJobs(ctx: Ctx, input: ListJobsQuery): Promise<JobList> {
  requireScope(ctx, "jobs:read");
  const { cursor, limit, createdAfter, createdBefore, scheduledBefore, ...query } = parse(listJobsQuerySchema, input);
  const queue = query.queue ?? onlyQueue(ctx);
  if (queue !== undefined) requireQueue(ctx, queue);
  const filter = {
    ...query,
    queue,
    createdAfter: time(createdAfter),
    createdBefore: time(createdBefore),
    scheduledBefore: time(scheduledBefore),
  };
  const page = await ctx.store.listJobs({
    ...filter,
    tenantId: ctx.actor.tenantId,
    limit,
    beforeId: cursor === undefined ? undefined : decodeCursor(cursor, filter),
  });
  return {
    jobs: page.jobs,
    nextCursor: page.nextBeforeId === null ? null : encodeCursor(page.nextBeforeId, filter),
  };
}

function time(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

/** A key that is bound to one queue means that one; one that is bound to several has to say which, at `path`. @throws VALIDATION_FAILED */
export function onlyQueue(ctx: Ctx, path = "queue"): string | undefined {
  const { queues } = ctx.actor;
  if (queues === undefined || queues.length === 1) return queues?.[0];
  throw new MillraceError("VALIDATION_FAILED", "This API key is bound to several queues.", {
    errors: [{ path, code: "required", message: `Name one of the key's queues: ${queues.join(", ")}.` }],
  });
}
