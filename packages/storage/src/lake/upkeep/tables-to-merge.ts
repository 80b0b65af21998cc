import type { Executor, Statement } from "../../executor.ts";

/**
 * A keyset walk up the ids of tables, which are never used again; of each table as many live files are counted as matter. It is a hint: a job that is enqueued
 * meanwhile is found by its idempotency key, and what is merged is checked again where it is merged. A job that is dead or was cancelled holds the table up for
 * `backOffMs`, one that is pending or running for as long as it is.
 */
const tablesToMergeStatement: Statement = {
  name: "lake.tables_to_merge",
  text: `
select t.table_id as "tableId", t.tenant_id as "tenantId", t.name, live.files
from (
  select e.* from millrace.event_tables e where e.table_id > $1::integer and e.dropped_at is null order by e.table_id limit $3::integer
) t
left join lateral (
  select json_agg(json_build_object('fileId', f.file_id, 'fileBytes', f.file_bytes, 'minOffset', f.min_offset)) as files
  from millrace.lake_files f
  where f.tenant_no = t.tenant_no and f.table_id = t.table_id and f.end_snapshot is null
    and exists (
      select from millrace.lake_files m
      where m.tenant_no = t.tenant_no and m.table_id = t.table_id and m.end_snapshot is null offset $2::integer - 1 limit 1
    )
    and not exists (
      select from millrace.job_keys k join millrace.jobs j on j.tenant_id = k.tenant_id and j.id = k.job_id
      where k.tenant_id = t.tenant_id and k.key = $4::text || t.name
    )
    and not exists (
      select from millrace.job_keys k join millrace.job_history h on h.tenant_id = k.tenant_id and h.id = k.job_id
      where k.tenant_id = t.tenant_id and k.key = $4::text || t.name and h.status in ('dead', 'cancelled')
        and h.completed_at > clock_timestamp() - $5::float8 * interval '1 millisecond'
    )
) live on true
order by t.table_id`,
};

export interface TablesToMergeFilter {
  readonly afterTableId: number;
  readonly liveFilesMin: number;
  /** Tables that are looked at. */
  readonly limit: number;
  /** With the table's name behind it, the idempotency key of its job. */
  readonly keyPrefix: string;
  readonly backOffMs: number;
}

/** A table with its live files; without any where it has too few, or a job that is under way or has failed lately. */
export interface TableToMerge {
  readonly tableId: number;
  readonly tenantId: string;
  readonly name: string;
  readonly files: readonly { readonly fileId: number; readonly fileBytes: number; readonly minOffset: number }[];
}

/** The next live tables of all tenants, by id. */
export async function tablesToMerge(db: Executor, filter: TablesToMergeFilter): Promise<readonly TableToMerge[]> {
  const { afterTableId, liveFilesMin, limit, keyPrefix, backOffMs } = filter;
  const parameters = [afterTableId, liveFilesMin, limit, keyPrefix, backOffMs];
  const rows = await db.query<Omit<TableToMerge, "files"> & { readonly files: TableToMerge["files"] | null }>(
    tablesToMergeStatement,
    parameters,
  );
  return rows.map(({ files, ...table }) => ({ ...table, files: files ?? [] }));
}
