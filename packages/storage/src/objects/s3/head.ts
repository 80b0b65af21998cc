import { HeadObjectCommand } from "@aws-sdk/client-s3";

import type { ObjectInfo } from "../object-store.ts";
import { withAttempts } from "./attempts.ts";
import type { S3Context } from "./s3-client.ts";
import { statusOf } from "./s3-error.ts";

/** An object, and what was stored about it. */
export interface S3ObjectInfo extends ObjectInfo {
  readonly metadata: Readonly<Record<string, string>>;
}

/** Undefined where there is no such object; S3 doesn't say whether there is a bucket. */
export async function head(context: S3Context, path: string): Promise<S3ObjectInfo | undefined> {
  const { client, bucket, prefix } = context;
  return withAttempts(context, async ({ signal }) => {
    try {
      const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: prefix + path }), {
        abortSignal: signal,
      });
      const { ContentLength: bytes = 0, LastModified: modifiedAt = new Date(0), Metadata: metadata = {} } = found;
      return { path, bytes, modifiedAt, metadata };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  });
}
