import type { IngestResponse, RecordErrorJson } from "@millrace/contract";

import { MillraceApiError } from "./error.ts";
import { type NewRecord, recordJson, sendNdjson, withKey } from "./ingest.ts";
import { type Transport, pause, waitMs } from "./transport.ts";

export interface IngesterOptions {
  /** How long the first record of a batch waits for others; default 50. */
  readonly lingerMs?: number;
  /** Records of one request at most; default 1,000. */
  readonly batchRecordsMax?: number;
  /** Records that are held until they are stored; beyond it `add` waits. Default 10,000. */
  readonly bufferRecordsMax?: number;
  /** Characters of one request at most, as far as its records allow; default 1,048,576. */
  readonly batchCharactersMax?: number;
  /** Characters that are held until they are stored; beyond it `add` waits. Default 16,777,216. */
  readonly bufferCharactersMax?: number;
  /** How long a batch is tried again while the API is away or asks for patience; default 300,000. */
  readonly retryForMs?: number;
  /** Told of each record that was refused, with the first hundred problems of its batch. Without it `flush` and `close` throw the first one. */
  readonly onRejected?: (error: RecordErrorJson, record: NewRecord) => void;
  /** Told of each answer. */
  readonly onAnswer?: (answer: IngestResponse) => void;
}

/** Sends records of one table in batches. */
export interface Ingester {
  /** Resolves once the record is in the buffer; await it, and a producer is as fast as what it produces is stored. @throws MillraceApiError once a batch could not be sent */
  add(record: NewRecord): Promise<void>;
  /** Resolves once everything that was added is stored. @throws MillraceApiError when something could not be */
  flush(): Promise<void>;
  /** The same, and nothing can be added any more. */
  close(): Promise<void>;
}

interface Held {
  readonly record: NewRecord;
  readonly line: string;
}

/** Makes an ingester; it sends one batch at a time, in the order of `add`. */
export function createIngester(send: Transport, table: string, options: IngesterOptions = {}): Ingester {
  const { lingerMs = 50, batchRecordsMax = 1_000, bufferRecordsMax = 10_000, retryForMs = 300_000 } = options;
  const { batchCharactersMax = 1_048_576, bufferCharactersMax = 16_777_216 } = options;
  let held: Held[] = [];
  /** Of what is held and of what is under way. */
  let characters = 0;
  let inFlight = 0;
  let room: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> | undefined;
  let failure: Error | undefined;
  let isClosed = false;

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    sending ??= drain().finally(() => {
      sending = undefined;
      if (held.length > 0 && failure === undefined) linger();
    });
  }

  function linger(): void {
    if (held.length >= batchRecordsMax || characters >= batchCharactersMax) start();
    else timer ??= setTimeout(start, lingerMs);
  }

  /** Sends until nothing is left: what has gathered meanwhile has waited long enough. */
  async function drain(): Promise<void> {
    while (held.length > 0 && failure === undefined) {
      const batch = nextBatch();
      held = held.slice(batch.length);
      inFlight = batch.length;
      try {
        tell(await sendPatiently(batch.map(({ line }) => line)), batch);
      } catch (error) {
        // Nothing after it is sent: whoever reads the table would see a gap.
        failure = error instanceof Error ? error : new Error(String(error));
      }
      inFlight = 0;
      for (const { line } of batch) characters -= line.length;
      for (const wake of room) wake();
      room = [];
    }
  }

  function nextBatch(): readonly Held[] {
    let batchCharacters = 0;
    const end = held.findIndex(({ line }, at) => {
      batchCharacters += line.length;
      return at === batchRecordsMax || (at > 0 && batchCharacters > batchCharactersMax);
    });
    return end < 0 ? held : held.slice(0, end);
  }

  async function sendPatiently(lines: readonly string[]): Promise<IngestResponse> {
    const deadline = Date.now() + retryForMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return await sendNdjson(send, table, lines, {});
      } catch (error) {
        if (!(error instanceof MillraceApiError) || !error.retryable) throw error;
        const ms = waitMs(error, attempt);
        if (Date.now() + ms > deadline) throw error;
        await pause(ms, undefined);
      }
    }
  }

  function tell(answer: IngestResponse, batch: readonly Held[]): void {
    options.onAnswer?.(answer);
    for (const error of answer.errors) {
      const record = batch[error.index - 1]?.record;
      if (record === undefined) continue;
      if (options.onRejected !== undefined) options.onRejected(error, record);
      else failure ??= rejection(error);
    }
  }

  return {
    async add(record) {
      if (isClosed) throw new TypeError("The ingester is closed.");
      while (
        (held.length + inFlight >= bufferRecordsMax || characters >= bufferCharactersMax) &&
        failure === undefined
      ) {
        start();
        await new Promise<void>((resolve) => room.push(resolve));
      }
      if (failure !== undefined) throw failure;
      const keyed = withKey(record);
      const line = recordJson(keyed);
      held.push({ record: keyed, line });
      characters += line.length;
      linger();
    },
    async flush() {
      while (failure === undefined && (held.length > 0 || sending !== undefined)) {
        start();
        await sending;
      }
      if (failure !== undefined) throw failure;
    },
    async close() {
      isClosed = true;
      await this.flush();
    },
  };
}

function rejection({ key, path, message, code }: RecordErrorJson): MillraceApiError {
  return new MillraceApiError(`The record ${JSON.stringify(key)} was refused: ${path}: ${message}`, {
    code: code === "BATCH_REJECTED" ? "VALIDATION_FAILED" : code,
    status: 202,
    retryable: false,
  });
}
