import { CreateBucketCommand } from "@aws-sdk/client-s3";

import { type S3ObjectStoreOptions, openContext } from "./s3-client.ts";

/** Makes a bucket for tests; one that is there already will do. */
export async function makeBucket(options: S3ObjectStoreOptions): Promise<void> {
  const { client, bucket } = openContext(options);
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof Error) || !/^Bucket(AlreadyOwnedByYou|AlreadyExists)$/.test(error.name)) throw error;
  } finally {
    client.destroy();
  }
}
