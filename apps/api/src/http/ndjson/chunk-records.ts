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
  readonly share: Pick<MemoryShare, "fits" | "add" | "wait" | "give">;
  /** Runs pieces of the work, a millisecond or so each. */
  readonly turn: <Result>(work: () => Result) => Promise<Result>;
  /** Whether chunks are to be small, since somebody else is there. */
  readonly makesRoom: () => boolean;
  /** Called when lines have come that aren't empty. */
  readonly onLines?: () => void;
  /** What has arrived is handed on when nothing more came for so long. */
  readonly idleMs?: number;
}

/** What a line may hold besides its payload: names, a key of 512 characters with each escaped, white space. */
export const envelopeBytes = 4_096;
/** Others have their turn after so long. */
const turnMs = 1;
/** Records of a chunk that is to be small. */
const smallChunkRecordsMax = 100;
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
  const { recordBytesMax, chunkRecordsMax, chunkBytesMax, keyPrefix, share, turn, makesRoom } = options;
  const { idleMs = idleMsDefault } = options;
  const splitter = createLineSplitter(recordBytesMax + envelopeBytes);
  let records: SentRecord[] = [];
  let bytes = 0;
  let weight = 0;
  let recordsMax = chunkRecordsMax;
  const take = (): SentChunk => {
    const held = weight;
    const chunk = { records, release: () => share.give(held) };
    records = [];
    bytes = 0;
    weight = 0;
    return chunk;
  };
  const isFull = () => records.length >= recordsMax || bytes >= chunkBytesMax;
  const push = (line: Line, lineWeight: number) => {
    records.push(readLine(line, { keyPrefix, recordBytesMax }));
    bytes += line.text?.length ?? 0;
    weight += lineWeight;
  };
  /** Reads lines from `at` on until the chunk is full, the turn is over, or there is no room; the place of the next one. */
  const pushSome = (lines: readonly Line[], from: number): number => {
    const endMs = performance.now() + turnMs;
    // Once a turn: it looks at all tenants.
    recordsMax = makesRoom() ? Math.min(smallChunkRecordsMax, chunkRecordsMax) : chunkRecordsMax;
    let at = from;
    for (; at < lines.length && !isFull() && performance.now() < endMs; at++) {
      const line = lines[at];
      if (line === undefined) continue;
      const lineWeight = weightOf(line);
      if (!share.fits(lineWeight)) return at;
      share.add(lineWeight);
      push(line, lineWeight);
    }
    return at;
  };
  async function* add(lines: readonly Line[]): AsyncGenerator<SentChunk, void> {
    let at = 0;
    while (at < lines.length) {
      const from = at;
      at = await turn(() => pushSome(lines, from));
      const next = lines[at];
      if (isFull()) yield take();
      else if (next !== undefined && !share.fits(weightOf(next))) {
        // What is here has to be published first: others may wait for room in the same way.
        if (records.length > 0) yield take();
        await share.wait(weightOf(next));
        push(next, weightOf(next));
        at++;
        if (isFull()) yield take();
      }
    }
  }

  const reader = parts[Symbol.asyncIterator]();
  try {
    let next = reader.next();
    for (;;) {
      if (records.length > 0 && (await isLate(next, idleMs))) yield take();
      const part = await next;
      if (part.done === true) break;
      const { value } = part;
      const lines = await turn(() => splitter.push(value));
      if (lines.length > 0) options.onLines?.();
      yield* add(lines);
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

/** What a line's record takes in memory, with the text. */
function weightOf({ text = "" }: Line): number {
  return text.length + jsonWeight(text);
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
