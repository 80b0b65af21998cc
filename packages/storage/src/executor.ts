/**
 * A value that a statement takes. Arrays become PostgreSQL arrays, so a statement casts its parameters (`$1::uuid[]`);
 * JSON goes in as text (`$1::jsonb`).
 */
export type Parameter =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly (null | boolean | number | bigint | string | Date)[];

/** One SQL statement with `$n` parameters. `name` is its low-cardinality name in metrics, logs and spans. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export interface QueryOptions {
  /** Deadline of this statement, waiting for a connection included; default `statementTimeoutMs`. A longer one costs a transaction. */
  readonly timeoutMs?: number;
}

/**
 * What can run a statement: the database itself, or one open transaction.
 * Rows are plain objects: int8 is a number while it is exact and a bigint beyond, timestamptz a Date, json parsed, bytea bytes,
 * arrays arrays, numeric, date and timestamp without time zone text.
 */
export interface Executor {
  query<Row>(statement: Statement, parameters?: readonly Parameter[], options?: QueryOptions): Promise<readonly Row[]>;
}

/** One open transaction: it alone owns its connection, and is dead after any connection error. */
export interface Transaction extends Executor {
  readonly isTransaction: true;
}
