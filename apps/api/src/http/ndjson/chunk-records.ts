import { MillraceError } from "@millrace/contract";
import type { SentRecord } from "@millrace/core";

import { readLine } from "./read-line.ts";
import { type Line, createLineSplitter } from "./split-lines.ts";

export interface ChunkOptions {
  readonly recordBytesMax: number;
  readonly chunkRecordsMax: number;
  readonly chunkBytesMax: number;
  readonly keyPrefix: string | undefined;
  /** What has arrived is handed on when nothing more came for so long. */
  readonly idleMs?: number;
}

/** What a line may hold besides its payload: names, a key of 512 characters with each escaped, white space. */
const envelopeBytes = 4_096;
/** White space, or lines that are too long, without one record among them. */
const emptyBytesMax = 16 * 1_024 * 1_024;
const idleMsDefault = 200;

/**
 * Gathers the records of a body into chunks that are published together: until one is full, or nothing more comes for a while.
 * @yields the records of a chunk
 * @throws PAYLOAD_TOO_LARGE for a body of nothing, and whatever `parts` throws
 */
export async function* chunkRecords(
  parts: AsyncIterable<Buffer>,
  { recordBytesMax, chunkRecordsMax, chunkBytesMax, keyPrefix, idleMs = idleMsDefault }: ChunkOptions,
): AsyncGenerator<readonly SentRecord[], void> {
  const splitter = createLineSplitter(recordBytesMax + envelopeBytes);
  let records: SentRecord[] = [];
  let bytes = 0;
  const take = () => {
    const chunk = records;
    records = [];
    bytes = 0;
    return chunk;
  };
  const add = (line: Line): boolean => {
    records.push(readLine(line, keyPrefix));
    bytes += line.text?.length ?? 0;
    return records.length >= chunkRecordsMax || bytes >= chunkBytesMax;
  };

  const reader = parts[Symbol.asyncIterator]();
  try {
    let next = reader.next();
    for (;;) {
      if (records.length > 0 && (await isLate(next, idleMs))) yield take();
      const part = await next;
      if (part.done === true) break;
      for (const line of splitter.push(part.value)) if (add(line)) yield take();
      if (splitter.idleBytes() > emptyBytesMax) {
        throw new MillraceError("PAYLOAD_TOO_LARGE", "The body goes on without records.", {
          extensions: { bytesMax: emptyBytesMax },
        });
      }
      next = reader.next();
    }
    for (const line of splitter.end()) if (add(line)) yield take();
    if (records.length > 0) yield take();
  } finally {
    // Not awaited: it ends after the read that is under way, and the client may take its time with that.
    void reader.return?.().catch(() => undefined);
  }
}

/** True when it has not settled after a while. What it rejects with is for whoever awaits it. */
async function isLate(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, ms, true);
  const settled = promise.then(
    () => false,
    () => false,
  );
  const answer = await Promise.race([settled, late.promise]);
  clearTimeout(timer);
  return answer;
}
