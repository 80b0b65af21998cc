import { MillraceError } from "@millrace/contract";
import { type MemoryShare, type SentChunk, type SentRecord, jsonWeight } from "@millrace/core";

import { readLine } from "./read-line.ts";
import { type Line, createLineSplitter } from "./split-lines.ts";

export interface ChunkOptions {
  readonly recordBytesMax: number;
  readonly chunkRecordsMax: number;
  readonly chunkBytesMax: number;
  readonly keyPrefix: string | undefined;
  /** Records are counted in it before they are parsed. */
  readonly share: Pick<MemoryShare, "fits" | "wait" | "give">;
  /** Called with each line that isn't empty. */
  readonly onRecord?: () => void;
  /** What has arrived is handed on when nothing more came for so long. */
  readonly idleMs?: number;
}

/** What a line may hold besides its payload: names, a key of 512 characters with each escaped, white space. */
const envelopeBytes = 4_096;
/** White space, or lines that are too long, without one record among them. */
const emptyBytesMax = 16 * 1_024 * 1_024;
const idleMsDefault = 200;

/**
 * Gathers the records of a body into chunks that are published together: until one is full, nothing more comes for a while,
 * or there is no room for more before it is published.
 * @yields the records of a chunk
 * @throws PAYLOAD_TOO_LARGE for a body of nothing, RATE_LIMITED when there is no room for too long, and whatever `parts` throws
 */
export async function* chunkRecords(
  parts: AsyncIterable<Buffer>,
  options: ChunkOptions,
): AsyncGenerator<SentChunk, void> {
  const { recordBytesMax, chunkRecordsMax, chunkBytesMax, keyPrefix, share, idleMs = idleMsDefault } = options;
  const splitter = createLineSplitter(recordBytesMax + envelopeBytes);
  let records: SentRecord[] = [];
  let bytes = 0;
  let weight = 0;
  const take = (): SentChunk => {
    const held = weight;
    const chunk = { records, release: () => share.give(held) };
    records = [];
    bytes = 0;
    weight = 0;
    return chunk;
  };
  async function* add(lines: readonly Line[]): AsyncGenerator<SentChunk, void> {
    for (const line of lines) {
      options.onRecord?.();
      const { length } = line.text ?? "";
      const lineWeight = length + jsonWeight(line.text ?? "");
      // What is here has to be published first: others may wait for room in the same way.
      if (records.length > 0 && !share.fits(lineWeight)) yield take();
      await share.wait(lineWeight);
      records.push(readLine(line, keyPrefix));
      bytes += length;
      weight += lineWeight;
      if (records.length >= chunkRecordsMax || bytes >= chunkBytesMax) yield take();
    }
  }

  const reader = parts[Symbol.asyncIterator]();
  try {
    let next = reader.next();
    for (;;) {
      if (records.length > 0 && (await isLate(next, idleMs))) yield take();
      const part = await next;
      if (part.done === true) break;
      yield* add(splitter.push(part.value));
      if (splitter.idleBytes() > emptyBytesMax) {
        throw new MillraceError("PAYLOAD_TOO_LARGE", "The body goes on without records.", {
          extensions: { bytesMax: emptyBytesMax },
        });
      }
      next = reader.next();
    }
    yield* add(splitter.end());
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
