import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";

import { isObjectPath } from "../object-path.ts";
import type { ObjectInfo } from "../object-store.ts";
import { withAttempts } from "./attempts.ts";
import type { S3Context } from "./s3-client.ts";

/**
 * The objects below a prefix, in the order of paths, which is S3's own; keys that can't be ours are left out.
 * @yields each object of a page once the page is there
 */
export async function* list(context: S3Context, below: string): AsyncGenerator<ObjectInfo> {
  let token: string | undefined;
  do {
    const page = await listPage(context, below, token);
    for (const { Key: key = "", Size: bytes = 0, LastModified: modifiedAt = new Date(0) } of page.Contents ?? []) {
      const path = key.slice(context.prefix.length);
      if (isObjectPath(path)) yield { path, bytes, modifiedAt };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

async function listPage(
  context: S3Context,
  below: string,
  token: string | undefined,
): Promise<ListObjectsV2CommandOutput> {
  const { client, bucket, prefix, pageMax } = context;
  return withAttempts(context, ({ signal }) => {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix + below,
      MaxKeys: pageMax,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    return client.send(command, { abortSignal: signal });
  });
}
