import type { Statement, Transaction } from "../executor.ts";
import type { LogLease } from "./event.ts";

export interface ConsumedRange extends LogLease {
  readonly from: number;
  readonly to: number;
  /** Size of its payloads. */
  readonly bytes: number;
}

/**
 * Compares and sets the watermark, so a range is consumed once whoever believes to hold it; the epoch stops an owner that was replaced even where
 * its range is still the next one. Waits for nobody but another transaction on this very row.
 */
export const ackStatement: Statement = {
  name: "events.ack",
  text: `
update millrace.event_progress p
set watermark = $3::bigint, bytes = p.bytes + $4::bigint, claimed_to = null, failures = 0, not_before = null, published_at = clock_timestamp()
where p.tenant_no = $1::bigint and p.watermark = $2::bigint and p.owner = $5::text and p.epoch = $6::bigint
returning p.tenant_no`,
};

/** Moves the watermark over a range, in the transaction that makes its consumption visible. False when the range or the lease is somebody else's by now. */
export async function ackRange(
  tx: Transaction,
  { tenantNo, from, to, bytes, owner, epoch }: ConsumedRange,
): Promise<boolean> {
  const rows = await tx.query(ackStatement, [tenantNo, from, to, bytes, owner, epoch]);
  return rows.length === 1;
}
