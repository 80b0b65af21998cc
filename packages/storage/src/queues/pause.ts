import type { Executor, Statement } from "../executor.ts";
import type { QueueRef, QueueSettings } from "./queue-store.ts";
import { asSettings, settingsColumns, type SettingsRow, single } from "./settings.ts";

/** Every claim that begins after this commit sees the row; a queue that is paused stays paused since when it was. */
const pauseStatement: Statement = {
  name: "queues.pause",
  text: `
with paused as (
  insert into millrace.queue_settings as q (tenant_id, queue, paused_at) values ($1::text, $2::text, now())
  on conflict (tenant_id, queue) do update set paused_at = coalesce(q.paused_at, now()), updated_at = now()
  returning q.*
)
select ${settingsColumns("p")} from paused p`,
};

/** One row, by its key; a queue that runs is left as it is. */
const resumeStatement: Statement = {
  name: "queues.resume",
  text: `
with resumed as (
  insert into millrace.queue_settings as q (tenant_id, queue) values ($1::text, $2::text)
  on conflict (tenant_id, queue) do update set paused_at = null, updated_at = now()
  returning q.*
)
select ${settingsColumns("p")} from resumed p`,
};

/** Lets no job of the queue start any more; those that run go on. */
export async function pauseQueue(db: Executor, { tenantId, queue }: QueueRef): Promise<QueueSettings> {
  const [row] = await db.query<SettingsRow>(pauseStatement, [tenantId, queue]);
  return asSettings(single(row));
}

/** Lets jobs of the queue start again. */
export async function resumeQueue(db: Executor, { tenantId, queue }: QueueRef): Promise<QueueSettings> {
  const [row] = await db.query<SettingsRow>(resumeStatement, [tenantId, queue]);
  return asSettings(single(row));
}
