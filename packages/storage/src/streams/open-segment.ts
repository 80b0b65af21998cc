import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { sqlState } from "../pg-error.ts";
import type { SegmentRow } from "./segment.ts";
import { segmentColumns, segmentOf } from "./segment.ts";
import type { BusSegment, FoundStream } from "./stream-store.ts";

/** Under the lock of the log's row; of callers at the same time one opens a segment and the others find it. */
const openStatement: Statement = {
  name: "streams.openSegment",
  text: `
select ${segmentColumns} from millrace.open_bus_segment($1::bigint, $2::text, $3::text, $4::bigint, $5::bigint) s`,
};

/** In PostgreSQL from the beginning: the log was never anywhere else, and has no row to say so. */
const first: BusSegment = {
  segment: 0,
  fromOffset: 1,
  untilOffset: undefined,
  stream: undefined,
  streamCreatedAt: undefined,
  base: 0,
};

/** The segment to publish into; opened where the newest is somewhere else. @throws NOT_FOUND for a tenant without a log */
export async function openSegment(
  db: Executor,
  tenantNo: number,
  stream: FoundStream | undefined,
): Promise<BusSegment> {
  const rows = await db
    .query<SegmentRow | { readonly segment: null }>(openStatement, [
      tenantNo,
      stream?.name ?? null,
      stream?.createdAt ?? null,
      stream?.lastSequence ?? null,
      stream?.seenHead ?? null,
    ])
    .catch((error: unknown) => {
      if (sqlState(error) !== "23503") throw error;
      throw new MillraceError("NOT_FOUND", `There is no log of the number ${tenantNo}.`, { cause: error });
    });
  const row = rows.find((found): found is SegmentRow => found.segment !== null);
  return row === undefined ? first : segmentOf(row);
}
