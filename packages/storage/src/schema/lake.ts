import { sql } from "drizzle-orm";
import { boolean, check, foreignKey, index, integer, json, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";

import { at, int8 } from "./columns.ts";
import { eventProgress, eventTables } from "./events.ts";
import { millrace } from "./namespace.ts";

/** Snapshots of tenants' lakes: dense ids, in the order of their commits. */
export const lakeSnapshots = millrace.table(
  "lake_snapshots",
  {
    tenantNo: int8("tenant_no").notNull(),
    snapshotId: int8("snapshot_id").notNull(),
    snapshotTime: at("snapshot_time").notNull(),
    watermark: int8("watermark").notNull(),
    kind: text("kind").notNull(),
    batchId: uuid("batch_id").notNull(),
    expiredAt: at("expired_at"),
  },
  (table) => [
    primaryKey({ name: "lake_snapshots_pkey", columns: [table.tenantNo, table.snapshotId] }),
    unique("lake_snapshots_batch_id_key").on(table.batchId),
    foreignKey({
      name: "lake_snapshots_tenant_no_fkey",
      columns: [table.tenantNo],
      foreignColumns: [eventProgress.tenantNo],
    }),
    index("lake_snapshots_time").on(table.tenantNo, table.snapshotTime),
    index("lake_snapshots_kept")
      .on(table.tenantNo, table.snapshotId)
      .where(sql`${table.expiredAt} is null`),
  ],
);

/** Files, each in the snapshots from `beginSnapshot` up to, but not including, `endSnapshot`. */
export const lakeFiles = millrace.table(
  "lake_files",
  {
    fileId: int8("file_id").primaryKey().generatedAlwaysAsIdentity(),
    tenantNo: int8("tenant_no").notNull(),
    tableId: integer("table_id").notNull(),
    version: integer("version").notNull(),
    path: text("path").notNull(),
    beginSnapshot: int8("begin_snapshot").notNull(),
    endSnapshot: int8("end_snapshot"),
    rowCount: int8("row_count").notNull(),
    fileBytes: int8("file_bytes").notNull(),
    contentHash: text("content_hash").notNull(),
    minOffset: int8("min_offset").notNull(),
    maxOffset: int8("max_offset").notNull(),
    minIngestedAt: at("min_ingested_at").notNull(),
    maxIngestedAt: at("max_ingested_at").notNull(),
    columnStats: json("column_stats").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    endedAt: at("ended_at"),
    deletingAt: at("deleting_at"),
    deletedAt: at("deleted_at"),
  },
  (table) => [
    unique("lake_files_path_key").on(table.path),
    foreignKey({
      name: "lake_files_tenant_no_fkey",
      columns: [table.tenantNo],
      foreignColumns: [eventProgress.tenantNo],
    }),
    foreignKey({
      name: "lake_files_table_id_fkey",
      columns: [table.tableId],
      foreignColumns: [eventTables.tableId],
    }),
    index("lake_files_live")
      .on(table.tenantNo, table.tableId, table.fileId)
      .where(sql`${table.endSnapshot} is null`),
    index("lake_files_ended")
      .on(table.tenantNo, table.endSnapshot)
      .where(sql`${table.endSnapshot} is not null and ${table.deletedAt} is null`),
    index("lake_files_deleting")
      .on(table.tenantNo, table.deletingAt)
      .where(sql`${table.deletingAt} is not null and ${table.deletedAt} is null`),
    index("lake_files_deleted")
      .on(table.tenantNo, table.deletedAt)
      .where(sql`${table.deletedAt} is not null`),
  ],
);

/** Objects that are about to be written and that no snapshot has yet. */
export const lakeIntents = millrace.table(
  "lake_intents",
  {
    path: text("path").primaryKey(),
    tenantNo: int8("tenant_no").notNull(),
    batchId: uuid("batch_id").notNull(),
    epoch: int8("epoch").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    sweptAt: at("swept_at"),
  },
  (table) => [index("lake_intents_created").on(table.createdAt)],
);

/** Snapshots that don't expire. */
export const lakePins = millrace.table(
  "lake_pins",
  {
    tenantNo: int8("tenant_no").notNull(),
    snapshotId: int8("snapshot_id").notNull(),
    reason: text("reason").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    expiresAt: at("expires_at"),
  },
  (table) => [
    primaryKey({ name: "lake_pins_pkey", columns: [table.tenantNo, table.snapshotId] }),
    foreignKey({
      name: "lake_pins_tenant_no_snapshot_id_fkey",
      columns: [table.tenantNo, table.snapshotId],
      foreignColumns: [lakeSnapshots.tenantNo, lakeSnapshots.snapshotId],
    }),
  ],
);

/** One row: how far finished jobs are in the lake, up to when upkeep was planned, and whether objects may be deleted: not after a restore, until all files were checked. */
export const lakeState = millrace.table(
  "lake_state",
  {
    onlyRow: boolean("only_row").primaryKey().default(true),
    sweeping: boolean("sweeping").notNull().default(true),
    restoredAt: at("restored_at"),
    plannedAt: at("planned_at"),
  },
  (table) => [check("lake_state_only_row_check", sql`${table.onlyRow}`)],
);

/** When all files of a tenant were last found to be sound. */
export const lakeChecks = millrace.table(
  "lake_checks",
  { tenantNo: int8("tenant_no").primaryKey(), passedAt: at("passed_at").notNull() },
  (table) => [
    foreignKey({
      name: "lake_checks_tenant_no_fkey",
      columns: [table.tenantNo],
      foreignColumns: [eventProgress.tenantNo],
    }),
  ],
);
