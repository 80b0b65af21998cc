import type { TestApi } from "./start-test-api.ts";

/** Publishes an empty snapshot of a tenant that has a table; ids of a tenant are dense but for the first one, which is `firstId`. */
export async function makeSnapshot(api: TestApi, tenantId: string, firstId = 1): Promise<string> {
  const text = `
with published as (
  update millrace.event_progress p set snapshot_id = greatest(p.snapshot_id + 1, $2::bigint) from millrace.event_logs l
  where l.tenant_no = p.tenant_no and l.tenant_id = $1::text returning p.tenant_no, p.snapshot_id
)
insert into millrace.lake_snapshots (tenant_no, snapshot_id, snapshot_time, watermark, kind, batch_id)
select p.tenant_no, p.snapshot_id, clock_timestamp(), 0, 'publish', gen_random_uuid() from published p
returning snapshot_id as "snapshotId"`;
  const [made] = await api.composition.db.query<{ readonly snapshotId: number }>({ name: "test.make_snapshot", text }, [
    tenantId,
    firstId,
  ]);
  return String(made?.snapshotId);
}
