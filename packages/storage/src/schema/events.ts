import { sql } from "drizzle-orm";
import {
  boolean,
  foreignKey,
  index,
  integer,
  json,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";

import { at, int8 } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** A tenant's log: the last offset that was given out, and the tenant's number. */
export const eventLogs = millrace.table(
  "event_logs",
  {
    tenantNo: int8("tenant_no").primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text("tenant_id").notNull(),
    head: int8("head").notNull().default(0),
    bytes: int8("bytes").notNull().default(0),
    bus: text("bus").notNull().default("postgres"),
    segment: integer("segment").notNull().default(0),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [unique("event_logs_tenant_id_key").on(table.tenantId)],
);

/** How far a tenant's log is consumed, who consumes it, and the newest snapshot. */
export const eventProgress = millrace.table(
  "event_progress",
  {
    tenantNo: int8("tenant_no").primaryKey(),
    watermark: int8("watermark").notNull().default(0),
    bytes: int8("bytes").notNull().default(0),
    owner: text("owner"),
    epoch: int8("epoch").notNull().default(0),
    leaseExpiresAt: at("lease_expires_at"),
    claimedTo: int8("claimed_to"),
    failures: integer("failures").notNull().default(0),
    notBefore: at("not_before"),
    snapshotId: int8("snapshot_id").notNull().default(0),
    snapshotTime: at("snapshot_time").notNull().defaultNow(),
    publishedAt: at("published_at"),
  },
  (table) => [
    foreignKey({
      name: "event_progress_tenant_no_fkey",
      columns: [table.tenantNo],
      foreignColumns: [eventLogs.tenantNo],
    }),
  ],
);

/** Tables of events as they are in force; dropped ones stay. */
export const eventTables = millrace.table(
  "event_tables",
  {
    tableId: integer("table_id").primaryKey().generatedAlwaysAsIdentity(),
    tenantNo: int8("tenant_no").notNull(),
    tenantId: text("tenant_id").notNull(),
    name: text("name").notNull(),
    schemaMode: text("schema_mode").notNull(),
    primaryKey: integer("primary_key")
      .array()
      .notNull()
      .default(sql`'{}'`),
    sortBy: integer("sort_by")
      .array()
      .notNull()
      .default(sql`'{}'`),
    partitionBy: json("partition_by")
      .notNull()
      .default(sql`'[]'`),
    retentionDays: integer("retention_days"),
    version: integer("version").notNull().default(1),
    nextFieldId: integer("next_field_id").notNull(),
    system: boolean("system").notNull().default(false),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
    droppedAt: at("dropped_at"),
  },
  (table) => [
    foreignKey({
      name: "event_tables_tenant_no_fkey",
      columns: [table.tenantNo],
      foreignColumns: [eventLogs.tenantNo],
    }),
    uniqueIndex("event_tables_name")
      .on(table.tenantId, table.name)
      .where(sql`${table.droppedAt} is null`),
  ],
);

/** Every version of a table's columns that was ever in force. */
export const eventTableVersions = millrace.table(
  "event_table_versions",
  {
    tableId: integer("table_id").notNull(),
    version: integer("version").notNull(),
    columns: json("columns").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: "event_table_versions_pkey", columns: [table.tableId, table.version] }),
    foreignKey({
      name: "event_table_versions_table_id_fkey",
      columns: [table.tableId],
      foreignColumns: [eventTables.tableId],
    }),
  ],
);

/** Accepted events, append-only; partitioned by ten minutes in the migration. */
export const events = millrace.table(
  "events",
  {
    tenantNo: int8("tenant_no").notNull(),
    eventOffset: int8("event_offset").notNull(),
    tableId: integer("table_id").notNull(),
    version: integer("version").notNull(),
    op: text("op").notNull(),
    key: text("key").notNull(),
    payload: text("payload").notNull(),
    eventTime: at("event_time"),
    ingestedAt: at("ingested_at").notNull().defaultNow(),
  },
  (table) => [index("events_offset").on(table.tenantNo, table.eventOffset)],
);

/** Which generations of idempotency keys there are. */
export const eventKeyGenerations = millrace.table("event_key_generations", {
  generation: integer("generation").primaryKey(),
  openedAt: at("opened_at").notNull().defaultNow(),
});

/** Idempotency keys that were used; partitioned by generation in the migration. */
export const eventKeys = millrace.table(
  "event_keys",
  {
    generation: integer("generation").notNull(),
    tableId: integer("table_id").notNull(),
    keyHash: uuid("key_hash").notNull(),
    payloadHash: uuid("payload_hash").notNull(),
    batchId: int8("batch_id").notNull(),
    ordinal: int8("ordinal").notNull(),
  },
  (table) => [primaryKey({ name: "event_keys_pkey", columns: [table.tableId, table.keyHash, table.generation] })],
);

/** Where the events of a publish begin; partitioned like the keys. */
export const eventBatches = millrace.table(
  "event_batches",
  {
    generation: integer("generation").notNull(),
    batchId: int8("batch_id").notNull(),
    base: int8("base").notNull(),
  },
  (table) => [primaryKey({ name: "event_batches_pkey", columns: [table.batchId, table.generation] })],
);

export const eventBatchIds = millrace.sequence("event_batch_ids");

/** Events that were accepted and could not be written into their table. */
export const deadLetters = millrace.table(
  "dead_letters",
  {
    id: uuid("id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    tenantNo: int8("tenant_no").notNull(),
    tableId: integer("table_id").notNull(),
    eventOffset: int8("event_offset").notNull(),
    version: integer("version").notNull(),
    op: text("op").notNull(),
    key: text("key").notNull(),
    payload: text("payload").notNull(),
    eventTime: at("event_time"),
    ingestedAt: at("ingested_at").notNull(),
    code: text("code").notNull(),
    path: text("path").notNull(),
    message: text("message").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    replayedAt: at("replayed_at"),
  },
  (table) => [
    unique("dead_letters_tenant_no_event_offset_key").on(table.tenantNo, table.eventOffset),
    index("dead_letters_tenant").on(table.tenantId, table.id),
  ],
);
