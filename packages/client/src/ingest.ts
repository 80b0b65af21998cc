import type { IngestRecord, IngestResponse } from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

/** A record to send; without a key it gets a random one before it is first sent, so that a retry is safe. A bigint is sent as a number of all its digits. */
export type NewRecord = Omit<IngestRecord, "idempotencyKey"> & { readonly idempotencyKey?: string };

export interface IngestOptions extends CallOptions {
  /** Store all records or none. */
  readonly atomic?: boolean;
  /** Answer once what was accepted can be queried, or after `visibilityTimeoutMs` (default 10,000). */
  readonly waitForVisibility?: boolean;
  readonly visibilityTimeoutMs?: number;
}

export interface IngestStreamOptions extends CallOptions {
  /** Records of one request at most; default 1,000. */
  readonly batchRecordsMax?: number;
  /** Characters of one request at most, as far as its records allow; default 1,048,576. */
  readonly batchCharactersMax?: number;
}

/** Sends records into a table. Every call can throw MillraceApiError. */
export interface IngestClient {
  /** Sends records in one request; what became of each is in the answer. Sent again after a lost answer: the keys make that safe. */
  ingest(table: string, records: readonly NewRecord[], options?: IngestOptions): Promise<IngestResponse>;
  /**
   * Sends records without end, batch by batch, and reads on only as fast as they are taken: `for await (const answer of client.ingestStream("clicks", rows))`.
   * The index of an error is the record's place in the whole, from 0.
   */
  ingestStream(
    table: string,
    records: AsyncIterable<NewRecord> | Iterable<NewRecord>,
    options?: IngestStreamOptions,
  ): AsyncGenerator<IngestResponse, void>;
}

/** How long a request may take beyond what it waits on purpose. */
const answerMs = 30_000;
/** The server may hold each part of an upload back for half a minute, and a batch is a few parts. */
const uploadAnswerMs = 90_000;
const visibilityTimeoutMsDefault = 10_000;
const batchRecordsMaxDefault = 1_000;
const batchCharactersMaxDefault = 1_048_576;

/** The calls of `/v1/ingest`. */
export function createIngestClient(send: Transport): IngestClient {
  return {
    async ingest(table, records, { signal, ...options } = {}) {
      const { waitForVisibility = false, visibilityTimeoutMs = visibilityTimeoutMsDefault } = options;
      const request = {
        method: "POST",
        path: ingestPath(table),
        text: recordJson({ records: records.map(withKey), ...options }),
        repeatable: true,
        ...(waitForVisibility ? { timeoutMs: visibilityTimeoutMs + answerMs } : {}),
      } as const;
      return (await send(request, signal === undefined ? {} : { signal })).body as IngestResponse;
    },
    async *ingestStream(table, records, options = {}) {
      const { batchRecordsMax = batchRecordsMaxDefault, signal } = options;
      const { batchCharactersMax = batchCharactersMaxDefault } = options;
      let first = 0;
      let lines: string[] = [];
      let characters = 0;
      const sendLines = async () => {
        const answer = await sendNdjson(send, table, lines, signal === undefined ? {} : { signal });
        const errors = answer.errors.map((error) => ({ ...error, index: first + error.index - 1 }));
        first += lines.length;
        lines = [];
        characters = 0;
        return { ...answer, errors };
      };
      for await (const record of records) {
        const line = recordJson(withKey(record));
        if (lines.length > 0 && characters + line.length > batchCharactersMax) yield await sendLines();
        lines.push(line);
        characters += line.length;
        if (lines.length >= batchRecordsMax) yield await sendLines();
      }
      if (lines.length > 0) yield await sendLines();
    },
  };
}

/** Sends lines of NDJSON in one request; the index of an error is the line's number, from 1. */
export async function sendNdjson(
  send: Transport,
  table: string,
  lines: readonly string[],
  options: CallOptions,
): Promise<IngestResponse> {
  const headers = { "content-type": "application/x-ndjson" };
  const request = {
    method: "POST",
    path: ingestPath(table),
    text: lines.join("\n"),
    headers,
    repeatable: true,
    timeoutMs: uploadAnswerMs,
  } as const;
  return (await send(request, options)).body as IngestResponse;
}

function ingestPath(table: string): string {
  return `/v1/ingest/${encodeURIComponent(table)}`;
}

/** The record with a key. */
export function withKey(record: NewRecord): IngestRecord {
  return { ...record, idempotencyKey: record.idempotencyKey ?? crypto.randomUUID() };
}

/** JSON text in which a bigint is a number. */
export function recordJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => (typeof member === "bigint" ? rawNumber(member) : member));
}

function rawNumber(value: bigint): unknown {
  // TypeScript's library doesn't know it yet.
  const { rawJSON } = JSON as unknown as { readonly rawJSON?: (text: string) => unknown };
  if (rawJSON !== undefined) return rawJSON(String(value));
  throw new TypeError("This runtime can't write a bigint as JSON; it needs JSON.rawJSON.");
}
