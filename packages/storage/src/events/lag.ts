import type { Executor, Statement } from "../executor.ts";
import type { LogLag } from "./event.ts";

/** One snapshot, so head and watermark belong together; the oldest pending event is the first behind the watermark, found by index. */
export const lagStatement: Statement = {
  name: "events.lag",
  text: `
select l.tenant_no as "tenantNo", l.head, coalesce(p.watermark, 0) as watermark, l.bytes - coalesce(p.bytes, 0) as "pendingBytes",
  p.published_at as "publishedAt", o.ingested_at as "oldestPendingAt"
from millrace.event_logs l
left join millrace.event_progress p on p.tenant_no = l.tenant_no
left join lateral (
  select e.ingested_at from millrace.events e where e.tenant_no = l.tenant_no and e.event_offset > coalesce(p.watermark, 0)
  order by e.event_offset limit 1
) o on true
where l.tenant_no = $1::bigint`,
};

interface Row extends Pick<LogLag, "tenantNo" | "head" | "watermark" | "pendingBytes"> {
  readonly oldestPendingAt: Date | null;
  readonly publishedAt: Date | null;
}

/** How far a tenant's log is; undefined for a tenant without a log. */
export async function logLag(db: Executor, tenantNo: number): Promise<LogLag | undefined> {
  const [row] = await db.query<Row>(lagStatement, [tenantNo]);
  if (row === undefined) return undefined;
  return {
    ...row,
    pendingEvents: row.head - row.watermark,
    oldestPendingAt: row.oldestPendingAt ?? undefined,
    publishedAt: row.publishedAt ?? undefined,
  };
}
