import type { Executor, Statement } from "../executor.ts";
import { countLeft } from "./finished-counts.ts";

const rowsMax = 1_000;

/** The rows of a batch: SKIP LOCKED leaves those that another caller, a retry or a deletion has just now, so each is deleted once. */
const batch = (table: string, expired: string) => `
  delete from millrace.${table} e where e.ctid = any(array(
    select x.ctid from millrace.${table} x where ${expired} limit ${rowsMax} for update skip locked
  ))`;

/** What is not in the lake yet stays until it is, where there is one. */
const notAwaited = "coalesce(pg_visible_in_snapshot(x.xact_id, (select millrace.awaited_export())), true)";

const finished = (table: string): Statement => ({
  name: "jobs.deleteExpired",
  text: `
with gone as (${batch(table, `x.expires_at < now() and ${notAwaited}`)} returning e.id, e.tenant_id, e.queue, e.status, e.expires_at, e.retention_class, e.idempotency_key),
${countLeft("gone")},
freed as (
  delete from millrace.job_keys k using gone g where k.tenant_id = g.tenant_id and k.key = g.idempotency_key and k.job_id = g.id
)
select count(*)::integer as n from gone`,
});

const kept = (table: string, expired: string): Statement => ({
  name: "jobs.deleteExpiredRecords",
  text: `with gone as (${batch(table, expired)} returning 1) select count(*)::integer as n from gone`,
});

const statements = [
  finished("completed_jobs_default"),
  finished("dead_jobs_default"),
  finished("cancelled_jobs_default"),
  kept("job_attempts_default", `x.ended_at < now() - interval '30 days' and ${notAwaited}`),
  kept("job_logs_default", "x.logged_at < now() - interval '7 days'"),
] as const;

/**
 * Deletes the expired rows of the default partitions, batch by batch. Only there are finished jobs deleted one by one: a default partition takes what
 * came before its own partition was made, rows of any time beside one another, so it can never be dropped. It is empty where upkeep runs.
 */
export async function deleteExpiredRows(db: Executor): Promise<void> {
  for (const statement of statements) {
    for (let n = rowsMax; n >= rowsMax;) {
      const [row] = await db.query<{ n: number }>(statement);
      n = row?.n ?? 0;
    }
  }
}
