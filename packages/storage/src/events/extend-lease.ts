import type { Executor, Statement } from "../executor.ts";
import type { LogLease } from "./event.ts";

/** Whoever has let it expire keeps it as long as nobody else has taken it: the epoch tells. */
const extendStatement: Statement = {
  name: "events.extendLease",
  text: `
update millrace.event_progress p set lease_expires_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
where p.tenant_no = $1::bigint and p.owner = $2::text and p.epoch = $3::bigint
returning p.tenant_no`,
};

/** Lets a lease run for so long from now on; false when it is lost. */
export async function extendLogLease(
  db: Executor,
  { tenantNo, owner, epoch }: LogLease,
  leaseMs: number,
): Promise<boolean> {
  const rows = await db.query(extendStatement, [tenantNo, owner, epoch, leaseMs]);
  return rows.length === 1;
}
