import type { Executor, Statement } from "../executor.ts";

/** A batch matters to readers of its range only, and whoever commits it behind the watermark is refused for that. */
const batchesStatement: Statement = {
  name: "streams.sweepBatches",
  text: `
delete from millrace.bus_batches b using millrace.event_progress p where p.tenant_no = b.tenant_no and b.event_offset <= p.watermark`,
};

/** Nobody publishes into a segment that is closed, and nobody reads one at or below the watermark. */
const segmentsStatement: Statement = {
  name: "streams.sweepSegments",
  text: `
delete from millrace.bus_segments s using millrace.event_progress p where p.tenant_no = s.tenant_no and s.until_offset <= p.watermark`,
};

/** Forgets batches and segments that logs are read past. */
export async function sweepStreams(db: Executor): Promise<void> {
  await db.query(batchesStatement);
  await db.query(segmentsStatement);
}
