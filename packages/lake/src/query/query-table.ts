import type { Column } from "@millrace/contract";

/** A file of a table, where DuckDB can read it. */
export interface QueryFile {
  readonly localPath: string;
  /** The version of the table's columns that it was written with. */
  readonly version: number;
}

/** A table that a query may name, with the files that are its content in one snapshot. */
export interface QueryTable {
  /** Default `main`, which need not be written in SQL. */
  readonly schema?: "main" | "system";
  readonly name: string;
  /** Its columns now, without the system's columns. */
  readonly columns: readonly Column[];
  /** Field ids; with any, the table shows the newest row of each key and hides deleted ones. */
  readonly primaryKey: readonly number[];
  readonly files: readonly QueryFile[];
  /** Columns of older versions, needed only where a struct's fields were renamed, added or dropped since. */
  readonly versions?: ReadonlyMap<number, readonly Column[]>;
}
