import { type QueryRequest, type ResultFormatName, resultMediaTypes } from "@millrace/contract";

import { MillraceApiError } from "./error.ts";
import { readLines } from "./lines.ts";
import type { CallOptions } from "./options.ts";
import { canRepeat, type OpenStream, pause, waitMs } from "./transport.ts";

/** A row by column. Whole numbers beyond 2^53 and decimals are strings, times RFC 3339 in UTC. */
export type QueryRow = Readonly<Record<string, unknown>>;

export interface QueryOptions extends CallOptions, Omit<QueryRequest, "sql"> {}

/** What was queried. */
export interface QueryFacts {
  /** The snapshot that was queried: give its id to another query to see the same. */
  readonly snapshotId: number;
  /** RFC 3339. */
  readonly snapshotTime: string;
  /** Every event up to this offset is in it. */
  readonly watermark: number;
  /** There were more rows than `rowLimit`. */
  readonly truncated: boolean;
}

/** A result: its rows are read as they come, once. */
export interface QueryRows<Row = QueryRow> extends QueryFacts, AsyncIterable<Row> {
  /** All rows at once. */
  all(): Promise<readonly Row[]>;
}

/** A result as the API sends it: its bytes are read as they come, once. */
export interface QueryFile extends QueryFacts, AsyncIterable<Uint8Array> {}

/** The calls of `/v1/query`. Results must be read to their end, or the loop over them left: until then the connection is held. */
export interface QueryClient {
  /** Runs one SELECT over the tenant's tables. @throws MillraceApiError */
  query<Row = QueryRow>(sql: string, options?: QueryOptions): Promise<QueryRows<Row>>;
  /** Runs one SELECT and answers its result as JSON, NDJSON, CSV or Parquet. @throws MillraceApiError */
  queryAs(format: ResultFormatName, sql: string, options?: QueryOptions): Promise<QueryFile>;
}

/** The head of an answer comes once the query is done; these are the server's defaults, and some time for the way. */
const defaultMs = { consistency: 15_000, query: 30_000, queue: 10_000, way: 10_000 };

/** Makes the calls of `/v1/query`. */
export function createQueryClient(open: OpenStream, retriesMax: number): QueryClient {
  const ask = async (format: ResultFormatName, sql: string, { signal, ...request }: QueryOptions) => {
    const left = new AbortController();
    const either = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
    const { consistencyTimeoutMs = defaultMs.consistency, timeoutMs = defaultMs.query } = request;
    const answer = await repeatedly(retriesMax, signal, () =>
      open("/v1/query", {
        headers: { accept: resultMediaTypes[format] },
        body: { sql, ...request },
        timeoutMs: consistencyTimeoutMs + timeoutMs + defaultMs.queue + defaultMs.way,
        signal: either,
      }),
    );
    return { answer, facts: factsOf(answer), reading: { left, signal } };
  };
  return {
    async query<Row>(sql: string, options: QueryOptions = {}) {
      const { answer, facts, reading } = await ask("ndjson", sql, options);
      const rows = whole(rowsOf<Row>(answer), reading);
      return { ...facts, [Symbol.asyncIterator]: () => rows, all: () => Array.fromAsync(rows) };
    },
    async queryAs(format, sql, options = {}) {
      const { answer, facts, reading } = await ask(format, sql, options);
      const bytes = whole(bytesOf(answer), reading);
      return { ...facts, [Symbol.asyncIterator]: () => bytes };
    },
  };
}

function factsOf({ headers }: Response): QueryFacts {
  return {
    snapshotId: Number(headers.get("x-snapshot-id")),
    snapshotTime: headers.get("x-snapshot-time") ?? "",
    watermark: Number(headers.get("x-watermark")),
    truncated: headers.get("x-truncated") === "true",
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

async function* rowsOf<Row>(answer: Response): AsyncGenerator<Row, void> {
  for await (const line of readLines(answer)) yield JSON.parse(line) as Row;
}

async function* bytesOf(answer: Response): AsyncGenerator<Uint8Array, void> {
  const reader = answer.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) return;
    yield chunk.value;
  }
}

interface Reading {
  /** Aborted once nobody reads any more. */
  readonly left: AbortController;
  readonly signal: AbortSignal | undefined;
}

/**
 * What is read of an answer, to its end or to where it is left; an answer that breaks off is no short result but an error.
 * @yields each part as it comes
 */
async function* whole<Part>(parts: AsyncGenerator<Part, void>, { left, signal }: Reading): AsyncGenerator<Part, void> {
  try {
    yield* parts;
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
