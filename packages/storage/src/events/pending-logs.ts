import type { Executor, Statement } from "../executor.ts";

/** Head and watermark are of one snapshot; what moves meanwhile is seen the next time. */
const pendingLogsStatement: Statement = {
  name: "events.pendingLogs",
  text: `
select l.tenant_no as "tenantNo"
from millrace.event_logs l
left join millrace.event_progress p on p.tenant_no = l.tenant_no
where l.head > coalesce(p.watermark, 0)
order by p.published_at nulls first
limit $1::integer`,
};

/** Tenants with events that are not in the lake, those first of which nothing was published for longest. */
export async function pendingLogs(db: Executor, limit: number): Promise<readonly number[]> {
  const rows = await db.query<{ tenantNo: number }>(pendingLogsStatement, [limit]);
  return rows.map(({ tenantNo }) => tenantNo);
}
