import { type BulkRequest, type BulkResponse, bulkRequestSchema, bulkStatuses } from "@millrace/contract";

import { audit } from "../audit/audit.ts";
import { type Ctx, requireQueue, requireScope } from "../context.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { parse } from "../parse.ts";
import { onlyQueue } from "./list.ts";

/** So many jobs are changed by one statement. */
const batchJobsMax = 1_000;
/** How many looks one call takes at most: where few jobs fit, it ends early and hands out a cursor. */
const looksMax = 50;

/**
 * Cancels, retries or deletes the jobs of a filter, newest first, a bounded number of them in batches that are committed one by one. Each job ends up as
 * the same action on it alone would have it; one that has left the state for it is skipped. @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE
 */
export async function bulkJobs(ctx: Ctx, input: BulkRequest): Promise<BulkResponse> {
  requireScope(ctx, "jobs:write");
  const { action, filter, limit, dryRun, cursor } = parse(bulkRequestSchema, input);
  const { all: _, status, createdAfter, createdBefore, ...named } = filter;
  const queue = named.queue ?? onlyQueue(ctx, "filter.queue");
  if (queue !== undefined) requireQueue(ctx, queue);
  const { tenantId } = ctx.actor;
  const conditions = {
    ...named,
    tenantId,
    queue,
    statuses: status === undefined ? bulkStatuses[action].byDefault : [status],
    createdAfter: createdAfter === undefined ? undefined : new Date(createdAfter),
    createdBefore: createdBefore === undefined ? undefined : new Date(createdBefore),
  };
  const change = changeOf(ctx, action);
  const boundTo = { action, ...conditions };

  let position: string | null | undefined = cursor === undefined ? undefined : decodeCursor(cursor, boundTo);
  let matched = 0;
  let changed = 0;
  try {
    for (let looks = 0; matched < limit && looks < looksMax && ctx.signal?.aborted !== true; looks++) {
      const { ids, nextBeforeId } = await ctx.store.matchJobs({
        ...conditions,
        limit: Math.min(batchJobsMax, limit - matched),
        beforeId: position,
      });
      if (!dryRun && ids.length > 0) changed += await change(tenantId, ids);
      matched += ids.length;
      position = nextBeforeId;
      if (position === null) break;
    }
  } finally {
    if (changed > 0) await audit(ctx, { action: "jobs.bulk", target: action, detail: { filter, changed } });
  }
  return {
    matched,
    changed,
    skipped: dryRun ? 0 : matched - changed,
    dryRun,
    nextCursor: position === null || position === undefined ? null : encodeCursor(position, boundTo),
  };
}

function changeOf({ store }: Ctx, action: BulkRequest["action"]) {
  switch (action) {
    case "cancel":
      return store.cancelJobs;
    case "retry":
      return store.retryJobs;
    case "delete":
      return store.deleteJobs;
    default:
      return action satisfies never;
  }
}
