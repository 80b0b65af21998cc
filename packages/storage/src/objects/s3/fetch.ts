import { type Hash, createHash } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";

import { MillraceError } from "@millrace/contract";

import { fsError } from "../fs/fs-error.ts";
import { syncDirectory } from "../sync-directory.ts";
import { withTemporaryFile } from "../temporary-file.ts";
import { withAttempts } from "./attempts.ts";
import { get } from "./get.ts";
import { hashName } from "./put.ts";
import type { S3Context } from "./s3-client.ts";

/** Copies an object to a local file, which is there whole and with the content that was stored, or not at all. @throws NOT_FOUND */
export async function fetch(context: S3Context, path: string, target: string): Promise<string> {
  return withAttempts(context, async () => {
    try {
      await withTemporaryFile(
        target,
        (file) => download(context, path, file),
        async (file) => {
          await rename(file, target);
          await syncDirectory(dirname(target));
        },
      );
      return target;
    } catch (error) {
      throw fsError(dirname(target), error);
    }
  });
}

async function download(context: S3Context, path: string, file: string): Promise<void> {
  const { metadata, stream } = await get({ ...context, attemptsMax: 1 }, path);
  const hash = createHash("sha256");
  await writeFile(file, hashed(stream, hash), { flag: "wx", mode: 0o600 });
  const expected = metadata[hashName];
  if (expected !== undefined && hash.digest("hex") !== expected) {
    throw new MillraceError("UNAVAILABLE", `What came of object ${path} is not what was stored`);
  }
}

async function* hashed(stream: Readable, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    hash.update(chunk as Buffer);
    yield chunk as Buffer;
  }
}
