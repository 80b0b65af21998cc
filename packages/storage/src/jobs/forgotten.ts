import type { Executor, Statement } from "../executor.ts";

const rowsMax = 1_000;

/** Few rows: a worker has one. Whoever reports itself this moment holds its row, and stays. */
const workersStatement: Statement = {
  name: "workers.forget",
  text: `
with gone as (
  delete from millrace.workers w where w.ctid = any(array(
    select x.ctid from millrace.workers x where x.seen_at < now() - interval '1 day' limit ${rowsMax} for update skip locked
  ))
  returning 1
)
select count(*)::integer as n from gone`,
};

/** Ids begin with their time, so the primary key finds the oldest; rows are never changed, and two callers take different ones. */
const auditStatement: Statement = {
  name: "audit.forget",
  text: `
with gone as (
  delete from millrace.audit_log a where a.id = any(array(
    select x.id from millrace.audit_log x
    where x.id < (lpad(to_hex(floor(extract(epoch from now() - interval '400 days') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
    order by x.id limit ${rowsMax} for update skip locked
  ))
  returning 1
)
select count(*)::integer as n from gone`,
};

/** Deletes workers that were not seen for a day and entries of the audit log that are older than 400 days, batch by batch. */
export async function deleteForgotten(db: Executor): Promise<void> {
  for (const statement of [workersStatement, auditStatement]) {
    for (let n = rowsMax; n >= rowsMax;) {
      const [row] = await db.query<{ n: number }>(statement);
      n = row?.n ?? 0;
    }
  }
}
