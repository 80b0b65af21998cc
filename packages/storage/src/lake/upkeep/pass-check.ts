import type { Database } from "../../database.ts";
import type { Statement } from "../../executor.ts";

/** The one row of the state is taken first, so that of two tenants that pass at the same time the second sees the first. */
const lockStateStatement: Statement = {
  name: "lake.lock_state",
  text: "select sweeping from millrace.lake_state for no key update",
};

/** Under the row of the state. */
const passCheckStatement: Statement = {
  name: "lake.pass_check",
  text: `
insert into millrace.lake_checks (tenant_no, passed_at) values ($1::bigint, clock_timestamp())
on conflict (tenant_no) do update set passed_at = excluded.passed_at`,
};

/** Under the row of the state. A tenant that has no file of the time before the restore has nothing that could be missing. */
const resumeSweepingStatement: Statement = {
  name: "lake.resume_sweeping",
  text: `
update millrace.lake_state s set sweeping = true
where not s.sweeping and not exists (
  select from millrace.event_logs l
  where not exists (select from millrace.lake_checks c where c.tenant_no = l.tenant_no and c.passed_at >= s.restored_at)
    and exists (select from millrace.lake_files f where f.tenant_no = l.tenant_no and f.deleted_at is null and f.created_at <= s.restored_at)
)
returning s.sweeping`,
};

/** Notes that all files of a tenant were found to be sound; the last tenant to be so after a restore switches deletion on. Answers whether it is on. */
export function passCheck(db: Database, tenantNo: number): Promise<boolean> {
  return db.withTransaction(async (tx) => {
    const [state] = await tx.query<{ sweeping: boolean }>(lockStateStatement);
    await tx.query(passCheckStatement, [tenantNo]);
    if (state?.sweeping === true) return true;
    return (await tx.query(resumeSweepingStatement)).length > 0;
  });
}
