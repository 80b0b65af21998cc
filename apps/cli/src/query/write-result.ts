import { randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";

import { errorCode } from "../dev/error-code.ts";
import type { Output } from "../io.ts";
import { Refusal } from "../refusal.ts";

type Chunks = AsyncIterable<Uint8Array> | Iterable<string>;

/** Writes to a stream, no faster than it is read. */
export async function writeOut(stdout: Output, chunks: Chunks): Promise<void> {
  for await (const chunk of chunks) {
    if (stdout.write(chunk) !== false || stdout.once === undefined) continue;
    const { promise, resolve: drained } = Promise.withResolvers<void>();
    stdout.once("drain", drained);
    await promise;
  }
}

/** Writes all of a file or nothing: what breaks off leaves the file that was there. @throws Refusal */
export async function writeFileWhole(path: string, chunks: Chunks): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, chunks);
    await rename(draft, path);
  } catch (error) {
    throw explainOutputError(path, error);
  } finally {
    await rm(draft, { force: true });
  }
}

function explainOutputError(path: string, error: unknown): unknown {
  switch (errorCode(error)) {
    case "ENOENT":
      return new Refusal(`${path} can't be written: its folder does not exist.`, { cause: error });
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "EISDIR":
      return new Refusal(`${path} can't be written.`, { cause: error });
    case "ENOSPC":
    case "EDQUOT":
      return new Refusal(`The disk that is to hold ${path} is full.`, { cause: error });
    default:
      return error;
  }
}
