import type { IngestBus } from "@millrace/bus";
import type { LagJson } from "@millrace/contract";
import type { TableStore } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";

export interface LagCtx extends Pick<Ctx, "actor"> {
  readonly bus: Pick<IngestBus, "lag">;
  readonly tables: Pick<TableStore, "tablesOf">;
}

const nothing: LagJson = {
  head: 0,
  watermark: 0,
  pendingEvents: 0,
  pendingBytes: 0,
  oldestPendingAgeMs: null,
  publishedAt: null,
};

/** How far the tenant's events are on their way into its tables; all zero for one that has no table. @throws FORBIDDEN */
export async function getLag(ctx: LagCtx): Promise<LagJson> {
  requireScope(ctx, "query:read");
  // All of a tenant's tables share its log, and any of them knows its number.
  const [table] = await ctx.tables.tablesOf(ctx.actor.tenantId);
  const lag = table === undefined ? undefined : await ctx.bus.lag(table.tenantNo);
  if (lag === undefined) return nothing;
  const { head, watermark, pendingEvents, pendingBytes, oldestPendingAt, publishedAt } = lag;
  return {
    head,
    watermark,
    pendingEvents,
    pendingBytes,
    oldestPendingAgeMs: oldestPendingAt === undefined ? null : Math.max(0, Date.now() - oldestPendingAt.getTime()),
    publishedAt: publishedAt?.toISOString() ?? null,
  };
}
