import type { Executor, Statement } from "../executor.ts";

/** The oldest event that waits, of all logs together. */
export interface OldestPending {
  /** Of the logs that go on in PostgreSQL; undefined where none of these waits. */
  readonly oldestAt: Date | undefined;
  /** Tenants whose first waiting event is not there, those first of which nothing was consumed for longest. */
  readonly elsewhere: readonly number[];
}

/**
 * One snapshot, so each head belongs to its watermark, and what lies between is there: a log that waits and has no row is in a stream. A log's first event
 * behind its watermark is found by index, so this costs as much as there are logs that wait, however much waits in each.
 */
export const oldestPendingStatement: Statement = {
  name: "events.oldestPending",
  text: `
select min(o.ingested_at) as "oldestAt",
  coalesce(array_agg(l.tenant_no order by p.published_at nulls first) filter (where o.ingested_at is null), '{}') as elsewhere
from millrace.event_logs l
left join millrace.event_progress p on p.tenant_no = l.tenant_no
left join lateral (
  select e.ingested_at from millrace.events e where e.tenant_no = l.tenant_no and e.event_offset > coalesce(p.watermark, 0)
  order by e.event_offset limit 1
) o on l.segment = 0 or millrace.tables_until(l.tenant_no, l.head, coalesce(p.watermark, 0)) > coalesce(p.watermark, 0)
where l.head > coalesce(p.watermark, 0)`,
};

/** When the oldest event that is not consumed was ingested, as far as PostgreSQL knows, and whose log it can't tell of. */
export async function oldestPending(db: Executor): Promise<OldestPending> {
  const [row] = await db.query<{ oldestAt: Date | null; elsewhere: readonly number[] }>(oldestPendingStatement);
  return { oldestAt: row?.oldestAt ?? undefined, elsewhere: row?.elsewhere ?? [] };
}
