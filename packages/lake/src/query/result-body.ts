import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { pipeline, Readable, Transform } from "node:stream";

import { MillraceError } from "@millrace/contract";

import type { ResultFormat } from "./query-types.ts";

export interface ResultBody {
  readonly bytes: number;
  readonly body: Readable;
}

/** Results up to this size are read at once, and hold no file open. */
const wholeBytesMax = 256 * 1024;
const lineFeed = 0x0a;
const comma = 0x2c;

/**
 * The bytes of a result file. The file is removed here: it lives on while the body is read, and not longer.
 * @throws RESULT_TOO_LARGE
 */
export async function openResultBody(path: string, format: ResultFormat, bytesMax: number): Promise<ResultBody> {
  const { size } = await stat(path);
  if (size > bytesMax) {
    throw new MillraceError("RESULT_TOO_LARGE", `The result has ${size} bytes; at most ${bytesMax} are allowed.`);
  }
  const file = await open(path, "r");
  await rm(path);
  if (size > wholeBytesMax) {
    const source = file.createReadStream();
    if (format !== "json") return { bytes: size, body: source };
    // Whichever of the two is destroyed takes the other along; who reads the body hears of its errors.
    return { bytes: size + 1, body: pipeline(source, asArray(), () => undefined) };
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

/** The same for what is read in chunks. The last line feed of all is not a comma, so each chunk's last byte waits for the next chunk. */
function asArray(): Transform {
  let held = Buffer.from("[");
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      this.push(joinLines(held));
      held = Buffer.from(chunk.subarray(-1));
      done(null, joinLines(chunk.subarray(0, -1)));
    },
    flush(done) {
      done(null, Buffer.from("]"));
    },
  });
}

function joinLines(lines: Buffer): Buffer {
  for (let at = lines.indexOf(lineFeed); at >= 0; at = lines.indexOf(lineFeed, at + 1)) lines[at] = comma;
  return lines;
}
