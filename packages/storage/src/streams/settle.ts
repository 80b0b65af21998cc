import type { Executor, Statement } from "../executor.ts";
import type { PlacedKey } from "./find-keys.ts";
import { inOrder } from "./find-keys.ts";
import { keyColumns } from "./record.ts";
import type { RecordedKey, StreamedKey } from "./stream-store.ts";

/** Needs no lease: whoever says it, it is true that this key has an event at this offset; and if another offset is recorded already, that one counts. */
const settleStatement: Statement = {
  name: "streams.settle",
  text: `
select r.place, r.payload_hash as "payloadHash", r.event_offset as "offset"
from millrace.settle_stream_events($1::bigint, $2::integer, $3::uuid[], $4::integer[], $5::uuid[], $6::uuid[], $7::integer[], $8::bigint[]) r`,
};

/** Records what a reader has found unrecorded; undefined for an event of a batch that was given up. */
export async function settleStreamed(
  db: Executor,
  tenantNo: number,
  segment: number,
  keys: readonly StreamedKey[],
): Promise<readonly (RecordedKey | undefined)[]> {
  if (keys.length === 0) return [];
  const batches = keys.map(({ batchId }) => batchId ?? null);
  const rows = await db.query<PlacedKey>(settleStatement, [tenantNo, segment, batches, ...keyColumns(keys)]);
  return inOrder(rows, keys.length);
}
