import type { Column, SchemaMode } from "@millrace/contract";

import type { TableName } from "./names-of.ts";

export type { TableName } from "./names-of.ts";

/** How rows of a table are divided over files: by a column's own value, or by its calendar day or month. */
export interface PartitionField {
  readonly fieldId: number;
  readonly transform: "identity" | "day" | "month";
}

/** A table of events as it is in force. */
export interface EventTable {
  /** Unique over all tenants, never used again. */
  readonly tableId: number;
  readonly tenantId: string;
  /** The tenant as a number, for paths and subjects. */
  readonly tenantNo: number;
  readonly name: string;
  /** The version of its columns, from 1. */
  readonly version: number;
  readonly columns: readonly Column[];
  readonly schemaMode: SchemaMode;
  /** Field ids; empty for a table that takes inserts only. */
  readonly primaryKey: readonly number[];
  readonly sortBy: readonly number[];
  readonly partitionBy: readonly PartitionField[];
  readonly retentionDays: number | undefined;
  /** Written by Millrace itself, such as `system.jobs`. */
  readonly system: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly nextFieldId: number;
}

/** What a tenant's table is found by. */
export interface TableRef {
  readonly tenantId: string;
  readonly name: string;
}

export type NewEventTable = Pick<
  EventTable,
  | "tenantId"
  | "name"
  | "columns"
  | "schemaMode"
  | "primaryKey"
  | "sortBy"
  | "partitionBy"
  | "retentionDays"
  | "nextFieldId"
> & { readonly system?: boolean };

/** A change of a table that somebody read as version `from`. */
export interface TableChange {
  readonly tableId: number;
  readonly from: Pick<EventTable, "version" | "updatedAt">;
  readonly to: Pick<
    EventTable,
    "name" | "columns" | "schemaMode" | "sortBy" | "partitionBy" | "retentionDays" | "nextFieldId"
  >;
}

export interface TableListFilter {
  readonly tenantId: string;
  /** Only these, for keys that are bound to tables. */
  readonly names?: readonly string[] | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Tables of events and the versions of their columns. */
export interface TableStore {
  /** Undefined where there is one of this name already. Makes the tenant's log with its first table. */
  createTable(table: NewEventTable): Promise<EventTable | undefined>;
  findTable(ref: TableRef): Promise<EventTable | undefined>;
  /** All live tables of a tenant, the system's included. */
  tablesOf(tenantId: string): Promise<readonly EventTable[]>;
  /** Their names alone, for those who need no columns. */
  namesOf(tenantId: string): Promise<readonly TableName[]>;
  listTables(filter: TableListFilter): Promise<readonly EventTable[]>;
  /** A new version where the columns differ. Undefined when the table is not as it was read any more. */
  changeTable(change: TableChange): Promise<EventTable | undefined>;
  /** Its events are no longer taken, its files end with a snapshot of their own. */
  dropTable(ref: TableRef): Promise<EventTable | undefined>;
  /** The columns of a version; undefined where there is no such version. Immutable, so callers may keep them. */
  columnsOf(tableId: number, version: number): Promise<readonly Column[] | undefined>;
  /** The table as it is now whatever its state; undefined where there never was one of this id. */
  tableById(tableId: number): Promise<(EventTable & { readonly dropped: boolean }) | undefined>;
  /** Calls back with a tenant's id when a table of it was made, changed or dropped. */
  watchTables(
    onChange: (tenantId: string) => void,
    onState: (connected: boolean) => void,
  ): Promise<{ close(): Promise<void> }>;
}
