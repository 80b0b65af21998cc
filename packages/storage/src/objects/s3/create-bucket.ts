import { CreateBucketCommand, HeadBucketCommand } from "@aws-sdk/client-s3";

import { withAttempts } from "./attempts.ts";
import { type S3Context, type S3ObjectStoreOptions, openContext } from "./s3-client.ts";
import { nameOf, statusOf } from "./s3-error.ts";

/**
 * Makes the bucket of a store; one that is there already will do, so that several may call it at once.
 * @throws UNAVAILABLE where the server can't be reached, INTERNAL where it refuses
 */
export async function createS3Bucket(options: S3ObjectStoreOptions): Promise<{ readonly isNew: boolean }> {
  const context = openContext(options);
  try {
    return { isNew: !(await exists(context)) && (await create(context, options)) };
  } finally {
    context.client.destroy();
  }
}

/** Asked first, since who may use a bucket may often not make one. */
function exists(context: S3Context): Promise<boolean> {
  return withAttempts(context, async ({ signal }) => {
    try {
      await context.client.send(new HeadBucketCommand({ Bucket: context.bucket }), { abortSignal: signal });
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  });
}

/** False where it was made in the meantime. */
function create(context: S3Context, { endpoint, region }: S3ObjectStoreOptions): Promise<boolean> {
  // AWS wants its other regions named; servers of one's own may not know the names.
  const isElsewhere = endpoint === undefined && region !== "us-east-1";
  const command = new CreateBucketCommand({
    Bucket: context.bucket,
    ...(isElsewhere ? { CreateBucketConfiguration: { LocationConstraint: region as "eu-central-1" } } : {}),
  });
  return withAttempts(context, async ({ signal }) => {
    try {
      await context.client.send(command, { abortSignal: signal });
      return true;
    } catch (error) {
      if (nameOf(error) === "BucketAlreadyOwnedByYou") return false;
      throw error;
    }
  });
}
