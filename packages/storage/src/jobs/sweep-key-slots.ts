import type { Executor, Statement } from "../executor.ts";

const rowsMax = 10_000;

/**
 * SKIP LOCKED leaves a row that admission is writing just now, and the lock reads the newest `used`. Admission that finds a row gone makes it anew, and looks
 * at its key once more: rows with a check to come stay.
 */
const sweepKeySlotsStatement: Statement = {
  name: "jobs.sweepKeySlots",
  text: `
with gone as (
  delete from millrace.key_slots s where s.ctid = any(array(
    select k.ctid from millrace.key_slots k where k.used = 0 and not exists (
      select from millrace.key_checks c where c.tenant_id = k.tenant_id and c.queue = k.queue and c.concurrency_key = k.concurrency_key
    )
    limit ${rowsMax} for update of k skip locked
  ))
  returning 1
)
select count(*)::integer as n from gone`,
};

/** Deletes the counts of concurrency keys that nobody uses, batch by batch. */
export async function sweepKeySlots(db: Executor): Promise<void> {
  for (let n = rowsMax; n >= rowsMax;) {
    const [row] = await db.query<{ n: number }>(sweepKeySlotsStatement);
    n = row?.n ?? 0;
  }
}
