import { boolean, foreignKey, integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";

import { int8 } from "./columns.ts";
import { eventLogs } from "./events.ts";
import { millrace } from "./namespace.ts";

/** What of a tenant's log is where; a log without rows is in PostgreSQL. */
export const busSegments = millrace.table(
  "bus_segments",
  {
    tenantNo: int8("tenant_no").notNull(),
    segment: integer("segment").notNull(),
    fromOffset: int8("from_offset").notNull(),
    untilOffset: int8("until_offset"),
    stream: text("stream"),
    streamCreatedAt: text("stream_created_at"),
    base: int8("base").notNull().default(0),
    events: int8("events").notNull().default(0),
    bytes: int8("bytes").notNull().default(0),
    consumedEvents: int8("consumed_events").notNull().default(0),
    consumedBytes: int8("consumed_bytes").notNull().default(0),
  },
  (table) => [
    primaryKey({ name: "bus_segments_pkey", columns: [table.tenantNo, table.segment] }),
    foreignKey({
      name: "bus_segments_tenant_no_fkey",
      columns: [table.tenantNo],
      foreignColumns: [eventLogs.tenantNo],
    }),
  ],
);

/** Up to where a stream's messages may be gone. */
export const busStreams = millrace.table(
  "bus_streams",
  {
    stream: text("stream").notNull(),
    streamCreatedAt: text("stream_created_at").notNull(),
    purged: int8("purged").notNull(),
  },
  (table) => [primaryKey({ name: "bus_streams_pkey", columns: [table.stream, table.streamCreatedAt] })],
);

/** Whether an atomic batch in a stream counts. */
export const busBatches = millrace.table(
  "bus_batches",
  {
    tenantNo: int8("tenant_no").notNull(),
    batchId: uuid("batch_id").notNull(),
    isCommitted: boolean("is_committed").notNull(),
    eventOffset: int8("event_offset").notNull(),
  },
  (table) => [primaryKey({ name: "bus_batches_pkey", columns: [table.tenantNo, table.batchId] })],
);
