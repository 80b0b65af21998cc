import type { FileHandle } from "node:fs/promises";
import { open, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";

import type { ResultFormat } from "./query-types.ts";

export interface ResultBody {
  readonly bytes: number;
  readonly body: Readable;
}

/** Results up to this size are read at once, and hold no file open. */
const wholeBytesMax = 256 * 1024;
const lineFeed = 0x0a;
const comma = 0x2c;

/** The bytes of a result file. The file is removed here: it lives on while the body is read, and not longer. */
export async function openResultBody(path: string, format: ResultFormat): Promise<ResultBody> {
  const { size } = await stat(path);
  const file = await open(path, "r");
  await rm(path);
  if (size > wholeBytesMax) {
    const source = file.createReadStream();
    return format === "json"
      ? { bytes: size + 1, body: Readable.from(asArray(source), { objectMode: false }) }
      : { bytes: size, body: source };
  }
  const content = await readWhole(file);
  const body = format === "json" ? arrayOf(content) : content;
  return { bytes: body.length, body: Readable.from([body], { objectMode: false }) };
}

async function readWhole(file: FileHandle): Promise<Buffer> {
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Lines as the elements of one JSON array: no line has a line feed within it. */
function arrayOf(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from("["), joinLines(content.subarray(0, -1)), Buffer.from("]")]);
}

/**
 * The same for what is read in chunks. The last line feed of all is not a comma, so each chunk's last byte waits for the next chunk.
 * @yields parts of one JSON text
 */
async function* asArray(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from("[");
  let held: Buffer | undefined;
  for await (const chunk of source) {
    if (held !== undefined) yield joinLines(held);
    yield joinLines(chunk.subarray(0, -1));
    held = chunk.subarray(-1);
  }
  yield Buffer.from("]");
}

function joinLines(lines: Buffer): Buffer {
  for (let at = lines.indexOf(lineFeed); at >= 0; at = lines.indexOf(lineFeed, at + 1)) lines[at] = comma;
  return lines;
}
