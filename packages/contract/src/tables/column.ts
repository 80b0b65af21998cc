/** Types of one value: what they hold is in docs/concepts/tables.md. `decimal(p,s)` has 1 to 38 digits, `s` of them after the point. */
export type ScalarType =
  | "boolean"
  | "int32"
  | "int64"
  | "float64"
  | "varchar"
  | "timestamp"
  | "date"
  | "uuid"
  | "json"
  | `decimal(${number},${number})`;

/** The type of a column as it is stored: every part of it has a field id of its own, which never changes and is never used again. */
export type ColumnType =
  | ScalarType
  | { readonly list: ColumnType; readonly fieldId: number }
  | { readonly struct: readonly StructField[] };

/** A field of a struct; it may always be null. */
export interface StructField {
  readonly fieldId: number;
  readonly name: string;
  readonly type: ColumnType;
}

/** A column of a table's version. `fieldId` is what Parquet files know it by; system columns have ids from 1,000,000 up. */
export interface Column extends StructField {
  readonly nullable: boolean;
  /** The value where a record does not name the column, as JSON text: numbers keep every digit. */
  readonly default?: string;
}

/** What is done with fields that a table doesn't know: refuse the record, drop them, or add columns for them. */
export const schemaModes = ["strict", "ignore", "evolve"] as const;

export type SchemaMode = (typeof schemaModes)[number];

/** What a record does: tables without a primary key take `insert` only. */
export const eventOps = ["insert", "upsert", "delete"] as const;

export type EventOp = (typeof eventOps)[number];

/** The columns that every table has besides its own, with their field ids in Parquet. */
export const systemColumns = [
  { fieldId: 1_000_000, name: "_offset", type: "int64" },
  { fieldId: 1_000_001, name: "_ingested_at", type: "timestamp" },
  { fieldId: 1_000_002, name: "_event_time", type: "timestamp" },
  { fieldId: 1_000_003, name: "_key", type: "varchar" },
  { fieldId: 1_000_004, name: "_op", type: "varchar" },
] as const;
