import { MillraceError } from "@millrace/contract";

import type { Executor, Parameter, Statement } from "../executor.ts";
import { sqlState } from "../pg-error.ts";
import type { PlacedKey } from "./find-keys.ts";
import { inOrder } from "./find-keys.ts";
import type { RecordedKey, RecordOutcome, StreamedKey } from "./stream-store.ts";

/** One statement, a transaction of its own; why it is right beside other publishers, readers and rotation is said at the function. */
const recordStatement: Statement = {
  name: "streams.record",
  text: `
select r.place, r.payload_hash as "payloadHash", r.event_offset as "offset"
from millrace.record_stream_events($1::bigint, $2::integer, $3::uuid, $4::integer[], $5::uuid[], $6::uuid[], $7::integer[], $8::bigint[]) r`,
};

/** Records what a stream has acknowledged. */
export async function recordStreamed(
  db: Executor,
  tenantNo: number,
  segment: number,
  keys: readonly StreamedKey[],
  batchId: string | undefined,
): Promise<RecordOutcome> {
  try {
    const parameters = [tenantNo, segment, batchId ?? null, ...keyColumns(keys)];
    const found = inOrder(await db.query<PlacedKey>(recordStatement, parameters), keys.length);
    if (found.includes(undefined)) throw new MillraceError("INTERNAL", "A key that was recorded could not be found.");
    return found as readonly RecordedKey[];
  } catch (error) {
    if (sqlState(error) === "MR001") return "stale";
    if (sqlState(error) === "MR002") return "reused";
    throw error;
  }
}

/** Keys as the columns that statements take. */
export function keyColumns(keys: readonly StreamedKey[]): readonly Parameter[] {
  return [
    keys.map((key) => key.tableId),
    keys.map((key) => key.keyHash),
    keys.map((key) => key.payloadHash),
    keys.map((key) => key.bytes),
    keys.map((key) => key.offset),
  ];
}
