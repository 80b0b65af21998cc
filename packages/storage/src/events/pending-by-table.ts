import type { Executor, Statement } from "../executor.ts";

/** What waits of one table. */
export interface TablePending {
  readonly tableId: number;
  readonly pendingEvents: number;
  readonly oldestPendingAt: Date;
}

/** Events that are looked at, so that the answer comes soon however much waits. */
const pendingLookedAtMax = 100_000;

/** One snapshot; a walk along the index from the watermark on, no further than the bound. */
const pendingByTableStatement: Statement = {
  name: "events.pending_by_table",
  text: `
select e.table_id as "tableId", count(*) as "pendingEvents", min(e.ingested_at) as "oldestPendingAt"
from (
  select e.table_id, e.ingested_at from millrace.events e
  where e.tenant_no = $1::bigint
    and e.event_offset > coalesce((select p.watermark from millrace.event_progress p where p.tenant_no = $1::bigint), 0)
  order by e.event_offset limit ${pendingLookedAtMax}
) e
group by e.table_id`,
};

/** How many of a tenant's oldest waiting events are of which table; tables of which none waits are left out. */
export function pendingByTable(db: Executor, tenantNo: number): Promise<readonly TablePending[]> {
  return db.query<TablePending>(pendingByTableStatement, [tenantNo]);
}
