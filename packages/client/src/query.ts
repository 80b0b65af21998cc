import type { QueryRequest } from "@millrace/contract";

import { MillraceApiError } from "./error.ts";
import { readLines } from "./lines.ts";
import type { CallOptions } from "./options.ts";
import { canRepeat, type OpenStream, pause, waitMs } from "./transport.ts";

/** A row by column. Whole numbers beyond 2^53 and decimals are strings, times RFC 3339 in UTC. */
export type QueryRow = Readonly<Record<string, unknown>>;

export interface QueryOptions extends CallOptions, Omit<QueryRequest, "sql"> {}

/** A result: its rows are read as they come, once. */
export interface QueryRows<Row = QueryRow> extends AsyncIterable<Row> {
  /** The snapshot that was queried: give its id to another query to see the same. */
  readonly snapshotId: number;
  /** RFC 3339. */
  readonly snapshotTime: string;
  /** Every event up to this offset is in it. */
  readonly watermark: number;
  /** There were more rows than `rowLimit`. */
  readonly truncated: boolean;
  /** All rows at once. */
  all(): Promise<readonly Row[]>;
}

/** Runs one SELECT. Rows must be read to their end, or the loop over them left: until then the connection is held. @throws MillraceApiError */
export type Query = <Row = QueryRow>(sql: string, options?: QueryOptions) => Promise<QueryRows<Row>>;

/** The head of an answer comes once the query is done; these are the server's defaults, and some time for the way. */
const defaultMs = { consistency: 10_000, query: 30_000, queue: 10_000, way: 10_000 };

/** `POST /v1/query`, with rows as lines of JSON. */
export function createQuery(open: OpenStream, retriesMax: number): Query {
  return async <Row>(sql: string, { signal, ...request }: QueryOptions = {}) => {
    const left = new AbortController();
    const either = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
    const { consistencyTimeoutMs = defaultMs.consistency, timeoutMs = defaultMs.query } = request;
    const answer = await repeatedly(retriesMax, signal, () =>
      open("/v1/query", {
        headers: { accept: "application/x-ndjson" },
        body: { sql, ...request },
        timeoutMs: consistencyTimeoutMs + timeoutMs + defaultMs.queue + defaultMs.way,
        signal: either,
      }),
    );
    const header = (name: string) => answer.headers.get(name) ?? "";
    const rows = readRows<Row>(answer, left, signal);
    return {
      snapshotId: Number(header("x-snapshot-id")),
      snapshotTime: header("x-snapshot-time"),
      watermark: Number(header("x-watermark")),
      truncated: header("x-truncated") === "true",
      [Symbol.asyncIterator]: () => rows,
      all: () => Array.fromAsync(rows),
    };
  };
}

/** A query changes nothing, so it may always be sent again. */
async function repeatedly(
  retriesMax: number,
  signal: AbortSignal | undefined,
  send: () => Promise<Response>,
): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof MillraceApiError) || attempt >= retriesMax) throw error;
      // Whoever has waited for so long decides for themselves whether to wait again.
      const isOver = error.code === "CONSISTENCY_TIMEOUT" || error.code === "QUERY_TIMEOUT";
      if (isOver || !canRepeat({ repeatable: true }, error)) throw error;
      await pause(waitMs(error, attempt), signal);
    }
  }
}

async function* readRows<Row>(
  answer: Response,
  left: AbortController,
  signal: AbortSignal | undefined,
): AsyncGenerator<Row, void> {
  try {
    for await (const line of readLines(answer)) yield JSON.parse(line) as Row;
  } catch (error) {
    signal?.throwIfAborted();
    throw new MillraceApiError("The result broke off before its end.", {
      code: "NO_ANSWER",
      status: 0,
      retryable: true,
      cause: error,
    });
  } finally {
    left.abort();
  }
}
