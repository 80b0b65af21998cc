import { MillraceError, queueLimits } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import type { QueueRef, QueueSettings } from "./queue-store.ts";

/** Rows of `alias` as QueueSettings; a row of nulls gives the defaults. */
export function settingsColumns(alias: string): string {
  const kept = (status: string) =>
    `coalesce(${alias}.keep_${status}_ms, extract(epoch from millrace.default_retention('${status}')) * 1000)::bigint as "${status}Ms"`;
  return `
  ${alias}.paused_at as "pausedAt", ${alias}.concurrency, coalesce(${alias}.concurrency_per_key, ${queueLimits.concurrencyPerKeyDefault}) as "concurrencyPerKey",
  ${alias}.rate_limit as "rateLimit", ${alias}.rate_period_ms as "ratePeriodMs", coalesce(${alias}.rate_burst, ${alias}.rate_limit) as "rateBurst",
  ${alias}.max_depth as "maxDepth", ${kept("completed")}, ${kept("dead")}, ${kept("cancelled")}`;
}

export interface SettingsRow {
  readonly pausedAt: Date | null;
  readonly concurrency: number | null;
  readonly concurrencyPerKey: number;
  readonly rateLimit: number | null;
  readonly ratePeriodMs: number | null;
  readonly rateBurst: number | null;
  readonly maxDepth: number | null;
  readonly completedMs: number;
  readonly deadMs: number;
  readonly cancelledMs: number;
}

/** The settings of a row. */
export function asSettings(row: SettingsRow): QueueSettings {
  const { rateLimit: limit, ratePeriodMs: periodMs, rateBurst: burst, completedMs, deadMs, cancelledMs } = row;
  return {
    pausedAt: row.pausedAt,
    concurrency: row.concurrency,
    concurrencyPerKey: row.concurrencyPerKey,
    rateLimit: limit === null || periodMs === null || burst === null ? null : { limit, periodMs, burst },
    maxDepth: row.maxDepth,
    retention: { completedMs, deadMs, cancelledMs },
  };
}

/** Reads only. */
const settingsStatement: Statement = {
  name: "queues.settings",
  text: `
select ${settingsColumns("q")} from (values (1)) as always
left join millrace.queue_settings q on q.tenant_id = $1::text and q.queue = $2::text`,
};

/** The settings of a queue; the defaults where it has none. */
export async function getQueueSettings(db: Executor, { tenantId, queue }: QueueRef): Promise<QueueSettings> {
  const [row] = await db.query<SettingsRow>(settingsStatement, [tenantId, queue]);
  return asSettings(single(row));
}

/** The row of a statement that always answers one. */
export function single<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new MillraceError("INTERNAL", "The statement answered nothing.");
  return row;
}
