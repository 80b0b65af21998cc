import type { Executor, Statement } from "../executor.ts";
import type { LogLease } from "./event.ts";

/** Only under the claim's own lease and for its own range: a late one changes nothing of what others did since. */
const nackStatement: Statement = {
  name: "events.nack",
  text: `
update millrace.event_progress p
set owner = null, lease_expires_at = null, claimed_to = null, failures = p.failures + 1,
  not_before = clock_timestamp() + $5::float8 * interval '1 millisecond'
where p.tenant_no = $1::bigint and p.watermark = $2::bigint and p.owner = $3::text and p.epoch = $4::bigint`,
};

/** Gives a range back that could not be consumed, counts that, and lets nobody claim it before the delay is over. */
export async function nackRange(
  db: Executor,
  { tenantNo, from, owner, epoch }: LogLease & { readonly from: number },
  delayMs: number,
): Promise<void> {
  await db.query(nackStatement, [tenantNo, from, owner, epoch, delayMs]);
}
