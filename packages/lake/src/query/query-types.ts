import type { Readable } from "node:stream";

import type { Logger } from "@millrace/telemetry";

import type { QueryTable } from "./query-table.ts";

/** How a result is written. `json` is one array of rows, each an array in the order of the columns. */
export type ResultFormat = "json" | "ndjson" | "csv" | "parquet";

/** A value for `$1` or `$name`: whole numbers are 64 bits wide, a list has values of one kind. */
export type QueryParam = string | number | bigint | boolean | null | readonly QueryParam[];

export interface QueryInput {
  /** All that this query can see. */
  readonly tables: readonly QueryTable[];
  /**
   * Answers the tables that the query names, with their files, where those of `tables` have none: only what is read need be there. Called once,
   * with some of `tables`, after the statement was admitted. The signal fires when nobody waits for them any more, and then they are not waited for.
   */
  readonly open?: ((used: readonly QueryTable[], signal: AbortSignal) => Promise<readonly QueryTable[]>) | undefined;
  /** One SELECT of DuckDB's dialect. */
  readonly sql: string;
  readonly params?: readonly QueryParam[] | Readonly<Record<string, QueryParam>> | undefined;
  /** From the call to the complete result, waiting for a free process included. */
  readonly timeoutMs: number;
  /** Rows beyond it are left out, and the result says so. */
  readonly rowLimit: number;
  /** An encoded result above it is refused. */
  readonly bytesMax: number;
  readonly format: ResultFormat;
  /** Stops the query, as when the client went away. */
  readonly signal?: AbortSignal | undefined;
}

export interface ResultColumn {
  /** Unique in a result: the second `a` is `a_1`. */
  readonly name: string;
  /** In the words of a table's column where it has one (`int64`), else DuckDB's name in lower case (`hugeint`). */
  readonly type: string;
}

/** A complete result: whatever can fail has not failed before its first byte is sent. */
export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  readonly rowCount: number;
  /** There were more rows than `rowLimit`. */
  readonly truncated: boolean;
  /** Length of `body`. */
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Processor time of the query's process, of all its threads. */
  readonly cpuMs: number;
  /** Read it to its end, or destroy it. */
  readonly body: Readable;
}

export interface QueryEngineOptions {
  /** Processes that run queries, one query each at a time. */
  readonly children: number;
  /** Threads of each. */
  readonly threads: number;
  /** What the data of one query may take. */
  readonly memoryBytes: number;
  readonly timeoutMsMax: number;
  /** The largest result of any query: children can't write a larger file. Default 256 MiB. */
  readonly resultBytesMax?: number | undefined;
  /** Queries that may wait for a child; more are refused. Default 16 for each child. */
  readonly waitingMax?: number | undefined;
  /** Where results lie until they are read. Default: the system's folder for temporary files. */
  readonly spoolDir?: string | undefined;
  readonly logger?: Logger | undefined;
}

/** Runs SQL of users over files, in processes that can see nothing else. */
export interface QueryEngine {
  /**
   * @throws QUERY_INVALID, QUERY_FORBIDDEN, QUERY_TIMEOUT, QUERY_TOO_LARGE, RESULT_TOO_LARGE, RATE_LIMITED when too many wait, UNAVAILABLE;
   * the signal's reason when it fires
   */
  run(input: QueryInput): Promise<QueryResult>;
  /** Resolves when every child is warm. @throws UNAVAILABLE */
  ready(): Promise<void>;
  stats(): { readonly idle: number; readonly busy: number; readonly waiting: number };
  /** Ends running queries with UNAVAILABLE, all children, and removes their files. */
  close(): Promise<void>;
}
