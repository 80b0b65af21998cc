import type { JobStatus } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import type { QueueStats } from "./job-store.ts";

/** A count stops here; the true number may be larger (`capped`). */
export const countMax = 10_000;

/** How many queues one answer covers. */
export const queuesMax = 1_000;

const bounded = (source: string) =>
  `(select count(*)::integer from (select 1 from ${source} limit ${countMax}) bounded)`;
const history = (status: string) =>
  bounded(`millrace.job_history h where h.status = '${status}' and h.tenant_id = q.tenant_id and h.queue = q.name`);

/** Reads only, each count bounded, so that a page of queues costs the same with ten jobs as with ten million. */
const statsStatement: Statement = {
  name: "jobs.stats",
  text: `
select q.tenant_id as "tenantId", q.name as queue,
  ${bounded("millrace.ready r where r.tenant_id = q.tenant_id and r.queue = q.name")} as ready,
  ${bounded("millrace.scheduled s where s.tenant_id = q.tenant_id and s.queue = q.name")} as scheduled,
  (select coalesce(sum(c.open), 0)::integer from millrace.claims c where c.tenant_id = q.tenant_id and c.queue = q.name) as running,
  ${history("completed")} as completed, ${history("dead")} as dead, ${history("cancelled")} as cancelled,
  (select extract(epoch from now() - min(p.scheduled_at)) * 1000 from (
    select r.scheduled_at from millrace.ready r where r.tenant_id = q.tenant_id and r.queue = q.name
    order by r.priority desc, r.scheduled_at, r.job_id limit ${countMax}
  ) p)::float8 as "oldestPendingAgeMs"
from millrace.queues q
where ($1::text is null or q.tenant_id = $1::text) and ($2::text is null or q.name = $2::text)
order by q.tenant_id, q.name limit ${queuesMax}`,
};

interface Row {
  readonly tenantId: string;
  readonly queue: string;
  readonly ready: number;
  readonly scheduled: number;
  readonly running: number;
  readonly completed: number;
  readonly dead: number;
  readonly cancelled: number;
  readonly oldestPendingAgeMs: number | null;
}

/** Counts by status; `pending` includes the scheduled ones. */
export async function queueStats(
  db: Executor,
  filter: { readonly tenantId?: string; readonly queue?: string },
): Promise<readonly QueueStats[]> {
  const rows = await db.query<Row>(statsStatement, [filter.tenantId ?? null, filter.queue ?? null]);
  return rows.map((row) => {
    const capped: JobStatus[] = [];
    if (row.ready >= countMax || row.scheduled >= countMax) capped.push("pending");
    for (const status of ["completed", "dead", "cancelled"] as const) {
      if (row[status] >= countMax) capped.push(status);
    }
    const { ready, ...rest } = row;
    return { ...rest, pending: ready + row.scheduled, capped };
  });
}
