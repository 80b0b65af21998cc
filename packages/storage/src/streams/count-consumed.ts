import type { Statement, Transaction } from "../executor.ts";

/** In the transaction that moves the watermark, which happens once for a range. A range lies in one segment; `events` are the ones that its publishers counted. */
const countStatement: Statement = {
  name: "streams.countConsumed",
  text: `
update millrace.bus_segments s set consumed_events = s.consumed_events + $3::bigint, consumed_bytes = s.consumed_bytes + $4::bigint
where s.tenant_no = $1::bigint and s.stream is not null and s.from_offset <= $2::bigint and (s.until_offset is null or s.until_offset >= $2::bigint)`,
};

/** Counts what is consumed up to an offset. */
export async function countConsumed(
  tx: Transaction,
  {
    tenantNo,
    to,
    events,
    bytes,
  }: { readonly tenantNo: number; readonly to: number; readonly events: number; readonly bytes: number },
): Promise<void> {
  await tx.query(countStatement, [tenantNo, to, events, bytes]);
}
