import type { Executor, Statement } from "../executor.ts";

const rowsMax = 1_000;

/** Nobody reads at or below a watermark, which never goes back. SKIP LOCKED leaves what another caller deletes just now. */
const deleteConsumedStatement: Statement = {
  name: "events.deleteConsumed",
  text: `
with gone as (
  delete from millrace.events_other d where d.ctid = any(array(
    select e.ctid from millrace.event_progress p
    join millrace.events_other e on e.tenant_no = p.tenant_no and e.event_offset <= p.watermark
    where p.watermark > 0 limit ${rowsMax} for update of e skip locked
  )) returning 1
)
select count(*)::integer as n from gone`,
};

/**
 * Deletes consumed events of the default partition, batch by batch. Only there are events deleted one by one: it takes what came while the partition of its
 * time was missing, so it can't be dropped. It is empty where upkeep runs.
 */
export async function deleteConsumed(db: Executor): Promise<number> {
  for (let all = 0; ;) {
    const [row] = await db.query<{ n: number }>(deleteConsumedStatement);
    all += row?.n ?? 0;
    if ((row?.n ?? 0) < rowsMax) return all;
  }
}
