import type { Executor, Statement } from "../executor.ts";
import type { LogLease } from "./event.ts";

/** Of a lease that is somebody else's by now nothing is changed. */
const releaseStatement: Statement = {
  name: "events.release",
  text: `
update millrace.event_progress p set owner = null, lease_expires_at = null, claimed_to = null
where p.tenant_no = $1::bigint and p.owner = $2::text and p.epoch = $3::bigint`,
};

/** Gives up a lease: others needn't wait for it to expire, and what was claimed under it can't be acknowledged any more. */
export async function releaseLogLease(db: Executor, { tenantNo, owner, epoch }: LogLease): Promise<void> {
  await db.query(releaseStatement, [tenantNo, owner, epoch]);
}
