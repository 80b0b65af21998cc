import { type ListSchedulesQuery, listSchedulesQuerySchema } from "@millrace/contract";
import type { Schedule } from "@millrace/storage";

import { requireQueue, requireScope } from "../context.ts";
import { decodeNameCursor, encodeNameCursor } from "../cursor.ts";
import { parse } from "../parse.ts";
import type { ScheduleCtx } from "./context.ts";

export interface ScheduleList {
  readonly schedules: readonly Schedule[];
  readonly nextCursor: string | null;
}

/** A page of the tenant's schedules by name; a key sees those of the queues it is bound to. @throws FORBIDDEN, VALIDATION_FAILED */
export async function listSchedules(ctx: ScheduleCtx, input: ListSchedulesQuery): Promise<ScheduleList> {
  requireScope(ctx, "jobs:read");
  const { limit, cursor, queue } = parse(listSchedulesQuerySchema, input);
  if (queue !== undefined) requireQueue(ctx, queue);
  const filter = { list: "schedules", queue };
  const { schedules, nextAfterName } = await ctx.schedules.listSchedules({
    tenantId: ctx.actor.tenantId,
    queues: queue === undefined ? ctx.actor.queues : [queue],
    limit,
    afterName: cursor === undefined ? undefined : decodeNameCursor(cursor, filter),
  });
  return {
    schedules,
    nextCursor: nextAfterName === null ? null : encodeNameCursor(nextAfterName, filter),
  };
}
