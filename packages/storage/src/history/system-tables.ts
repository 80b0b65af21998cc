import type { Column, ColumnType } from "@millrace/contract";

import type { NewEventTable } from "../tables/table-store.ts";

/** A table that every tenant has and only Millrace writes. */
export type SystemTable = Omit<NewEventTable, "tenantId"> & { readonly system: true };

/** Field ids are for ever: a new column goes to the end, a dropped one's id is not used again. */
const columns = (types: Readonly<Record<string, ColumnType>>, nullable: readonly string[]): readonly Column[] =>
  Object.entries(types).map(([name, type], index) => ({
    fieldId: index + 1,
    name,
    type,
    nullable: nullable.includes(name),
  }));

const table = (name: string, own: readonly Column[]): SystemTable => ({
  name,
  columns: own,
  schemaMode: "strict",
  primaryKey: [],
  sortBy: [],
  partitionBy: [],
  retentionDays: 90,
  // Ids of list elements are 1,000 above those of their columns.
  nextFieldId: 2_000,
  system: true,
});

/** A row for each time a job ended. */
export const systemJobs: SystemTable = table(
  "system.jobs",
  columns(
    {
      id: "uuid",
      queue: "varchar",
      type: "varchar",
      status: "varchar",
      priority: "int32",
      attempts: "int32",
      max_attempts: "int32",
      tags: { list: "varchar", fieldId: 1_008 },
      payload: "json",
      result: "json",
      last_error: "varchar",
      errors: "json",
      worker: "varchar",
      idempotency_key: "varchar",
      concurrency_key: "varchar",
      traceparent: "varchar",
      created_at: "timestamp",
      scheduled_at: "timestamp",
      started_at: "timestamp",
      completed_at: "timestamp",
      wait_ms: "float64",
      run_ms: "float64",
    },
    [
      "payload",
      "result",
      "last_error",
      "worker",
      "idempotency_key",
      "concurrency_key",
      "traceparent",
      "started_at",
      "wait_ms",
      "run_ms",
    ],
  ),
);

/** A row for each attempt that ended. */
export const systemJobAttempts: SystemTable = table(
  "system.job_attempts",
  columns(
    {
      job_id: "uuid",
      queue: "varchar",
      type: "varchar",
      attempt: "int32",
      outcome: "varchar",
      worker: "varchar",
      started_at: "timestamp",
      ended_at: "timestamp",
      run_ms: "float64",
      error: "varchar",
      stack: "varchar",
    },
    ["worker", "started_at", "run_ms", "error", "stack"],
  ),
);

/** The tables that every tenant has. */
export const systemTables: readonly SystemTable[] = [systemJobs, systemJobAttempts];
