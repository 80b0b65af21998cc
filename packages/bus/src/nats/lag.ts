import type { Database, LogLag, StreamStore } from "@millrace/storage";
import { logLag } from "@millrace/storage";

import { isStreamSegment } from "./attachments.ts";
import type { NatsConnector } from "./connection.ts";
import type { Streams } from "./streams.ts";

/** How far a tenant's log is: all of it from PostgreSQL, and right while NATS can't be reached, but for the age of the oldest pending event, which the stream knows. */
export async function lag(
  {
    db,
    store,
    streams,
    connector,
  }: {
    readonly db: Database;
    readonly store: StreamStore;
    readonly streams: Streams;
    readonly connector: NatsConnector;
  },
  tenantNo: number,
): Promise<LogLag | undefined> {
  const found = await logLag(db, tenantNo);
  if (found === undefined || found.head === found.watermark) return found;
  const [pendingEvents, segment] = await Promise.all([
    store.pendingEvents(tenantNo),
    store.segmentAt(tenantNo, found.watermark + 1),
  ]);
  if (!isStreamSegment(segment)) return { ...found, pendingEvents };
  const oldestPendingAt = await oldest().catch(() => undefined);
  return { ...found, pendingEvents, oldestPendingAt };

  async function oldest(): Promise<Date | undefined> {
    if (!isStreamSegment(segment) || found === undefined) return undefined;
    const { jsm } = await connector.link();
    const seq = Math.max(found.watermark, segment.fromOffset - 1) - segment.base + 1;
    const query = { seq, next_by_subj: streams.subjectsOf(segment.stream, tenantNo) };
    return (await jsm.streams.getMessage(segment.stream, query))?.time;
  }
}
