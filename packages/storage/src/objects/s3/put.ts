import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";

import { PutObjectCommand } from "@aws-sdk/client-s3";

import { MillraceError } from "@millrace/contract";

import { objectExists } from "../already-exists.ts";
import { sourceBytes } from "../source-bytes.ts";
import { type Attempt, withAttempts } from "./attempts.ts";
import { head } from "./head.ts";
import type { S3Context } from "./s3-client.ts";
import { isTransient, statusOf } from "./s3-error.ts";
import { sha256Of } from "./sha256-of.ts";

/** The largest object that S3 takes in one request. */
const putBytesMax = 5 * 1024 ** 3;
const chunkBytes = 256 * 1024;

/** The name under which an object's metadata holds the SHA-256 of its content, in hex. */
export const hashName = "sha256";
const putIdName = "put-id";

/**
 * Stores a file under a path that no object has. A lost answer is no failure: an object that carries the id of this
 * call was stored by it, and any other is somebody else's. @throws ALREADY_EXISTS
 */
export async function put(context: S3Context, path: string, file: string): Promise<{ readonly bytes: number }> {
  const bytes = await sourceBytes(file);
  if (bytes > putBytesMax) throw new MillraceError("INTERNAL", `${file} is too large for one object of S3`);
  const source = { path, file, bytes, hash: await sha256Of(file), putId: randomUUID() };
  let isUncertain = false;
  return withAttempts(context, async (attempt) => {
    try {
      await send(context, source, attempt);
    } catch (error) {
      const isTaken = statusOf(error) === 412;
      if (!isTaken && !isTransient(error)) throw error;
      // The first answer that the path is taken is never about an object of ours.
      if (isTaken && !isUncertain) throw objectExists(path, error);
      isUncertain = true;
      const found = await head({ ...context, attemptsMax: 1 }, path);
      if (found === undefined)
        throw isTaken ? new MillraceError("UNAVAILABLE", "The object was there and is gone") : error;
      if (found.metadata[putIdName] !== source.putId) throw objectExists(path, error);
    }
    return { bytes };
  });
}

interface Source {
  readonly path: string;
  readonly file: string;
  readonly bytes: number;
  readonly hash: string;
  readonly putId: string;
}

async function send(context: S3Context, source: Source, { signal, progress }: Attempt): Promise<void> {
  const { client, bucket, prefix } = context;
  const body = Readable.from(chunksOf(source, progress), { objectMode: false });
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: prefix + source.path,
    Body: body,
    ContentLength: source.bytes,
    ContentType: "application/octet-stream",
    IfNoneMatch: "*",
    ChecksumSHA256: Buffer.from(source.hash, "hex").toString("base64"),
    Metadata: { [hashName]: source.hash, [putIdName]: source.putId },
  });
  // Signed with the request, the hash is checked by servers that know no other checksum; of a stream the SDK signs none.
  command.middlewareStack.add(
    (next) => (args) => {
      headersOf(args.request)["x-amz-content-sha256"] = source.hash;
      return next(args);
    },
    { step: "build", name: "signContentHash" },
  );
  try {
    await client.send(command, { abortSignal: signal });
  } finally {
    body.destroy();
  }
}

/** The headers of a request at the build step, where it always is one of HTTP. */
function headersOf(request: unknown): Record<string, string> {
  return (request as { readonly headers: Record<string, string> }).headers;
}

async function* chunksOf({ file, bytes }: Source, progress: () => void): AsyncGenerator<Buffer> {
  if (bytes === 0) return;
  // No more than was measured, should the file have grown.
  for await (const chunk of createReadStream(file, { end: bytes - 1, highWaterMark: chunkBytes })) {
    progress();
    yield chunk as Buffer;
  }
}
