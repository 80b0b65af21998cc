import type { IngestBus } from "@millrace/bus";
import type { LagJson } from "@millrace/contract";
import type { TableStore } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";

export interface LagCtx extends Pick<Ctx, "actor"> {
  readonly bus: Pick<IngestBus, "lag" | "pendingByTable">;
  readonly tables: Pick<TableStore, "namesOf">;
}

const nothing: LagJson = {
  head: 0,
  watermark: 0,
  pendingEvents: 0,
  pendingBytes: 0,
  oldestPendingAgeMs: null,
  publishedAt: null,
  tables: [],
};

/** How far the tenant's events are on their way into its tables; all zero for one that has no table. @throws FORBIDDEN */
export async function getLag(ctx: LagCtx): Promise<LagJson> {
  requireScope(ctx, "query:read");
  const tables = await ctx.tables.namesOf(ctx.actor.tenantId);
  // All of a tenant's tables share its log, and any of them knows its number.
  const [first] = tables;
  const lag = first === undefined ? undefined : await ctx.bus.lag(first.tenantNo);
  if (first === undefined || lag === undefined) return nothing;
  const pending = await ctx.bus.pendingByTable(first.tenantNo);
  const pendingOf = new Map(pending?.map((one) => [one.tableId, one]));
  const { head, watermark, pendingEvents, pendingBytes, oldestPendingAt } = lag;
  const publishedAt = lag.publishedAt?.toISOString() ?? null;
  return {
    head,
    watermark,
    pendingEvents,
    pendingBytes,
    oldestPendingAgeMs: ageMs(oldestPendingAt),
    publishedAt,
    tables: tables
      .filter(({ name, system }) => !system && (ctx.actor.tables?.includes(name) ?? true))
      .map(({ tableId, name }) => {
        const own = pendingOf.get(tableId);
        return {
          table: name,
          pendingEvents: pending === undefined ? null : (own?.pendingEvents ?? 0),
          oldestPendingAgeMs: ageMs(own?.oldestPendingAt),
          watermark,
          publishedAt,
        };
      }),
  };
}

function ageMs(at: Date | undefined): number | null {
  return at === undefined ? null : Math.max(0, Date.now() - at.getTime());
}
