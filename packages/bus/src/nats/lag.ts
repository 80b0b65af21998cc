import type { Database, LogLag, StreamStore } from "@millrace/storage";
import { logLag } from "@millrace/storage";

import { isStreamSegment } from "./attachments.ts";
import type { NatsConnector } from "./connection.ts";
import { oldestAt } from "./oldest-at.ts";
import type { Streams } from "./streams.ts";

/** What it takes to look at a log. */
export interface LagContext {
  readonly db: Database;
  readonly store: StreamStore;
  readonly streams: Streams;
  readonly connector: NatsConnector;
}

/** How far a tenant's log is: all of it from PostgreSQL, and right while NATS can't be reached, but for the age of the oldest pending event, which the stream knows. */
export async function lag(context: LagContext, tenantNo: number): Promise<LogLag | undefined> {
  const { db, store } = context;
  const found = await logLag(db, tenantNo);
  if (found === undefined || found.head === found.watermark) return found;
  const [pendingEvents, segment] = await Promise.all([
    store.pendingEvents(tenantNo),
    store.segmentAt(tenantNo, found.watermark + 1),
  ]);
  if (!isStreamSegment(segment)) return { ...found, pendingEvents };
  const oldestPendingAt = await oldestAt(context, found, segment).catch(() => undefined);
  return { ...found, pendingEvents, oldestPendingAt };
}
