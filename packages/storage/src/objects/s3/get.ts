import { Readable } from "node:stream";

import { GetObjectCommand } from "@aws-sdk/client-s3";

import { MillraceError } from "@millrace/contract";

import { objectNotFound } from "../not-found.ts";
import type { ByteRange } from "../object-path.ts";
import { withAttempts } from "./attempts.ts";
import type { S3Context } from "./s3-client.ts";
import { nameOf, s3Error, statusOf } from "./s3-error.ts";

/** An object's content on its way. */
export interface S3Content {
  readonly metadata: Readonly<Record<string, string>>;
  /** Fails with a MillraceError where the content is cut short, or nothing has come for too long while somebody reads. */
  readonly stream: Readable;
}

/** Asks for an object or a part of it; the content follows when it is read. @throws NOT_FOUND */
export async function get(context: S3Context, path: string, range?: ByteRange): Promise<S3Content> {
  const { client, bucket, prefix, idleTimeoutMs } = context;
  return withAttempts(context, async ({ signal }) => {
    try {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: prefix + path,
        ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
      });
      const {
        Body: body,
        ContentLength: bytes,
        Metadata: metadata = {},
      } = await client.send(command, {
        abortSignal: signal,
      });
      if (!(body instanceof Readable) || bytes === undefined) throw new Error("an answer without content");
      return { metadata, stream: guarded(body, { bytes, idleTimeoutMs, bucket }) };
    } catch (error) {
      if (statusOf(error) === 416) return { metadata: {}, stream: Readable.from([]) };
      if (statusOf(error) === 404 && nameOf(error) !== "NoSuchBucket") throw objectNotFound(path, error);
      throw error;
    }
  });
}

interface Guard {
  readonly bytes: number;
  readonly idleTimeoutMs: number;
  readonly bucket: string;
}

function guarded(body: Readable, guard: Guard): Readable {
  const stream = Readable.from(chunksOf(body, guard), { objectMode: false });
  // A reader that goes away ends the transfer at once.
  stream.once("close", () => body.destroy());
  return stream;
}

async function* chunksOf(body: Readable, { bytes, idleTimeoutMs, bucket }: Guard): AsyncGenerator<Buffer> {
  let received = 0;
  const timedOut = Object.assign(new Error(`Nothing has come for ${idleTimeoutMs} ms`), { name: "TimeoutError" });
  // Runs only while the reader waits for the server, not while the server waits for the reader.
  const watch = (): NodeJS.Timeout => setTimeout(() => body.destroy(timedOut), idleTimeoutMs);
  let timer = watch();
  try {
    for await (const chunk of body) {
      clearTimeout(timer);
      received += (chunk as Buffer).length;
      yield chunk as Buffer;
      timer = watch();
    }
  } catch (error) {
    throw s3Error(bucket, error);
  } finally {
    clearTimeout(timer);
  }
  if (received !== bytes) throw new MillraceError("UNAVAILABLE", `${received} of ${bytes} bytes of an object came`);
}
