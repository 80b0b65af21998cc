import type { Executor, Statement } from "../executor.ts";

/** One row, so its counts belong together. */
const pendingOfStatement: Statement = {
  name: "streams.pendingOf",
  text: `
select s.events - s.consumed_events as events, s.bytes - s.consumed_bytes as bytes from millrace.bus_segments s
where s.tenant_no = $1::bigint and s.segment = $2::integer`,
};

/** One snapshot. In PostgreSQL offsets have no holes, so they count; in a stream there are other tenants' events between, so counts do. */
const pendingEventsStatement: Statement = {
  name: "streams.pendingEvents",
  text: `
select coalesce(sum(
  case when s.stream is null
    then greatest(least(l.head, coalesce(s.until_offset, l.head)) - greatest(coalesce(p.watermark, 0), s.from_offset - 1), 0)
    else greatest(s.events - s.consumed_events, 0) end
) filter (where s.tenant_no is not null), l.head - coalesce(min(p.watermark), 0)) as events
from millrace.event_logs l
left join millrace.event_progress p on p.tenant_no = l.tenant_no
left join millrace.bus_segments s on s.tenant_no = l.tenant_no and (s.until_offset is null or s.until_offset > coalesce(p.watermark, 0))
where l.tenant_no = $1::bigint
group by l.tenant_no`,
};

/** What a segment has that is not consumed. */
export async function pendingOfSegment(
  db: Executor,
  tenantNo: number,
  segment: number,
): Promise<{ readonly events: number; readonly bytes: number }> {
  const [row] = await db.query<{ events: number; bytes: number }>(pendingOfStatement, [tenantNo, segment]);
  return row ?? { events: 0, bytes: 0 };
}

/** Events of a log that are not consumed. */
export async function pendingEvents(db: Executor, tenantNo: number): Promise<number> {
  const [row] = await db.query<{ events: number | string }>(pendingEventsStatement, [tenantNo]);
  return Number(row?.events ?? 0);
}
