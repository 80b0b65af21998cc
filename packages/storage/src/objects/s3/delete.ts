import { DeleteObjectsCommand } from "@aws-sdk/client-s3";

import { withAttempts } from "./attempts.ts";
import type { S3Context } from "./s3-client.ts";

/** Deletes objects, as many in one request as S3 takes. */
export async function deleteAll(context: S3Context, paths: readonly string[]): Promise<void> {
  const unique = [...new Set(paths)];
  for (let start = 0; start < unique.length; start += context.pageMax) {
    await deleteSome(context, unique.slice(start, start + context.pageMax));
  }
}

async function deleteSome(context: S3Context, paths: readonly string[]): Promise<void> {
  const { client, bucket, prefix } = context;
  await withAttempts(context, async ({ signal }) => {
    const objects = paths.map((path) => ({ Key: prefix + path }));
    const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } });
    const { Errors: errors = [] } = await client.send(command, { abortSignal: signal });
    const first = errors.find(({ Code: code }) => code !== "NoSuchKey");
    if (first !== undefined) throw asError(first.Code ?? "UnknownError", first.Message ?? "");
  });
}

/** What the answer says of one object, in the shape of an answer about that object alone. */
function asError(code: string, message: string): Error {
  const status = code === "AccessDenied" ? { $metadata: { httpStatusCode: 403 } } : {};
  return Object.assign(new Error(message), { name: code }, status);
}
