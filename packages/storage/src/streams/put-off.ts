import type { LogLease } from "../events/event.ts";
import type { Executor, Statement } from "../executor.ts";

/** Of a lease that is somebody else's by now nothing is changed. */
const putOffStatement: Statement = {
  name: "streams.putOff",
  text: `
update millrace.event_progress p
set owner = null, lease_expires_at = null, claimed_to = null, not_before = clock_timestamp() + $4::float8 * interval '1 millisecond'
where p.tenant_no = $1::bigint and p.owner = $2::text and p.epoch = $3::bigint`,
};

/** Gives up a lease under which nothing could be read; others come first until the delay is over. */
export async function putOff(db: Executor, { tenantNo, owner, epoch }: LogLease, delayMs: number): Promise<void> {
  await db.query(putOffStatement, [tenantNo, owner, epoch, delayMs]);
}
