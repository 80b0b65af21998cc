import type { Executor, Statement } from "../executor.ts";
import type { NewQueueSettings, QueueRef, QueueSettings } from "./queue-store.ts";
import { asSettings, settingsColumns, type SettingsRow, single } from "./settings.ts";

/**
 * Replaces all settings but the pause. The row is what claims with limits lock, so the change comes between two of them. A bucket keeps its tokens:
 * under the same rate as they are, under another one as many as there are now, up to the new burst; sending settings again fills no bucket.
 */
const putStatement: Statement = {
  name: "queues.putSettings",
  text: `
with known as (
  insert into millrace.queues (tenant_id, name) values ($1::text, $2::text) on conflict do nothing
),
before as materialized (
  select q.concurrency_per_key from millrace.queue_settings q where q.tenant_id = $1::text and q.queue = $2::text
),
put as (
  insert into millrace.queue_settings as q (tenant_id, queue, concurrency, concurrency_per_key, rate_limit, rate_period_ms, rate_burst, max_depth,
    keep_completed_ms, keep_dead_ms, keep_cancelled_ms)
  values ($1::text, $2::text, $3::integer, $4::integer, $5::integer, $6::integer, $7::integer, $8::integer, $9::bigint, $10::bigint, $11::bigint)
  on conflict (tenant_id, queue) do update set
    concurrency = excluded.concurrency, concurrency_per_key = excluded.concurrency_per_key,
    rate_limit = excluded.rate_limit, rate_period_ms = excluded.rate_period_ms, rate_burst = excluded.rate_burst,
    rate_tokens = case when q.rate_limit is not null and excluded.rate_limit is not null
      then least(coalesce(excluded.rate_burst, excluded.rate_limit), millrace.rate_tokens(q, clock_timestamp())) end,
    rate_refilled_at = case when q.rate_limit is not null and excluded.rate_limit is not null then clock_timestamp() end,
    max_depth = excluded.max_depth, keep_completed_ms = excluded.keep_completed_ms, keep_dead_ms = excluded.keep_dead_ms,
    keep_cancelled_ms = excluded.keep_cancelled_ms, updated_at = now()
  returning q.*
)
select ${settingsColumns("p")}, p.concurrency_per_key > coalesce((select concurrency_per_key from before), 1) as "hasMoreSlots" from put p`,
};

export interface PutSettings {
  readonly settings: QueueSettings;
  /** Concurrency keys may have more slots than before: their held jobs have to be looked at. */
  readonly hasMoreSlots: boolean;
}

/** Replaces the settings of a queue, which need not have had a job yet. */
export async function putSettings(
  db: Executor,
  { tenantId, queue }: QueueRef,
  settings: NewQueueSettings,
): Promise<PutSettings> {
  const { concurrency = null, concurrencyPerKey = 1, rateLimit, maxDepth = null, retention } = settings;
  const [row] = await db.query<SettingsRow & { readonly hasMoreSlots: boolean }>(putStatement, [
    tenantId,
    queue,
    concurrency,
    concurrencyPerKey,
    rateLimit?.limit ?? null,
    rateLimit?.periodMs ?? null,
    rateLimit?.burst ?? null,
    maxDepth,
    retention?.completedMs ?? null,
    retention?.deadMs ?? null,
    retention?.cancelledMs ?? null,
  ]);
  const { hasMoreSlots, ...put } = single(row);
  return { settings: asSettings(put), hasMoreSlots };
}
