import type { Executor, Statement } from "../executor.ts";
import type { SegmentRow } from "./segment.ts";
import { segmentColumns, segmentOf } from "./segment.ts";
import type { BusSegment } from "./stream-store.ts";

/** Segments don't overlap, and which one an offset at or below the head is in never changes. Empty ones have no offset. */
const atStatement: Statement = {
  name: "streams.segmentAt",
  text: `
select ${segmentColumns} from millrace.bus_segments s
where s.tenant_no = $1::bigint and s.from_offset <= $2::bigint and (s.until_offset is null or s.until_offset >= $2::bigint)`,
};

/** The segment that an offset is in; undefined for a log that was never anywhere but in PostgreSQL. */
export async function segmentAt(db: Executor, tenantNo: number, offset: number): Promise<BusSegment | undefined> {
  const [row] = await db.query<SegmentRow>(atStatement, [tenantNo, offset]);
  return row === undefined ? undefined : segmentOf(row);
}
