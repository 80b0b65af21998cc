import type { Executor, Statement } from "../../executor.ts";
import { boundary } from "./expire-snapshots.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Whether a tenant's own moment of every period lies in the span: tenants are spread over it by their number. */
const isTick = (everyMs: number) =>
  `((l.tenant_no * 2654435761) % ${everyMs} + $3::bigint) / ${everyMs} < ((l.tenant_no * 2654435761) % ${everyMs} + $4::bigint) / ${everyMs}`;
const isOld = (column: string, ageMs: string) => `${column} <= clock_timestamp() - ${ageMs} * interval '1 millisecond'`;

/**
 * A keyset walk up numbers that are never used again. Each question ends at the first row of an index that answers it, and is asked of tenants whose moment has
 * come only. It is a hint: what has become due since is seen at the next tick, and a job that finds nothing does nothing.
 */
const dueUpkeepStatement: Statement = {
  name: "lake.due_upkeep",
  text: `
select l.tenant_no as "tenantNo", l.tenant_id as "tenantId",
  l.hourly and exists (
    select from millrace.event_tables t join millrace.lake_files f on f.tenant_no = t.tenant_no and f.table_id = t.table_id
    where t.tenant_no = l.tenant_no and f.end_snapshot is null and (
      t.dropped_at is not null or f.max_ingested_at < clock_timestamp() - t.retention_days * interval '1 day'
      or f.min_ingested_at < clock_timestamp() - (t.retention_days + greatest(1, t.retention_days / 10.0)) * interval '1 day'
    )
  ) as retention,
  l.hourly and (
    exists (
      select from millrace.lake_snapshots s
      where s.tenant_no = l.tenant_no and s.expired_at is null and s.snapshot_id < ${boundary("l.tenant_no", "$5::float8")}
        and not exists (
          select from millrace.lake_pins p
          where p.tenant_no = s.tenant_no and p.snapshot_id = s.snapshot_id and (p.expires_at is null or p.expires_at > clock_timestamp())
        )
    )
    or exists (
      select from millrace.lake_files f
      where f.tenant_no = l.tenant_no and f.end_snapshot is not null and f.deleted_at is null and f.deleting_at is null
        and f.end_snapshot <= ${boundary("l.tenant_no", "$5::float8")}
        and not exists (
          select from millrace.lake_snapshots s
          where s.tenant_no = f.tenant_no and s.expired_at is null and s.snapshot_id >= f.begin_snapshot and s.snapshot_id < f.end_snapshot
        )
    )
    or exists (
      select from millrace.lake_files f
      where f.tenant_no = l.tenant_no and f.deleted_at is null and ${isOld("f.deleting_at", "$6::float8")}
    )
    or exists (select from millrace.lake_files f where f.tenant_no = l.tenant_no and ${isOld("f.deleted_at", `${dayMs}`)})
  ) as expiry,
  l.daily as orphans,
  l.daily and exists (select from millrace.lake_files f where f.tenant_no = l.tenant_no and f.deleted_at is null) as integrity
from (
  select l.tenant_no, l.tenant_id, ${isTick(hourMs)} as hourly, ${isTick(dayMs)} as daily
  from millrace.event_logs l where l.tenant_no > $1::bigint order by l.tenant_no limit $2::integer
) l
order by l.tenant_no`,
};

export interface DueUpkeepFilter {
  readonly afterTenantNo: number;
  /** Tenants that are looked at. */
  readonly limit: number;
  /** By the database's clock: tenants whose moment of the hour or the day is after the one and not after the other. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly retentionMs: number;
  readonly graceMs: number;
}

/** What there is to do for a tenant now. */
export interface DueUpkeep {
  readonly tenantNo: number;
  readonly tenantId: string;
  readonly retention: boolean;
  readonly expiry: boolean;
  readonly orphans: boolean;
  readonly integrity: boolean;
}

/** The next tenants with a log, by number. */
export function dueUpkeep(db: Executor, filter: DueUpkeepFilter): Promise<readonly DueUpkeep[]> {
  const { afterTenantNo, limit, fromMs, toMs, retentionMs, graceMs } = filter;
  return db.query<DueUpkeep>(dueUpkeepStatement, [afterTenantNo, limit, fromMs, toMs, retentionMs, graceMs]);
}
