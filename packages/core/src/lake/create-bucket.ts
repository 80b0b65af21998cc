import { MillraceError } from "@millrace/contract";

import type { ObjectStoreConfig } from "./object-store.ts";

/** A server that is started at the same time has about a minute to answer. */
const patience = { attemptsMax: 20, retryDelayMs: 250 } as const;

/**
 * Makes the lake's bucket unless it is there. @throws INTERNAL where the lake is in a folder, or the server refuses; UNAVAILABLE where it
 * does not answer
 */
export async function createBucket({ store, s3 }: ObjectStoreConfig): Promise<{ readonly isNew: boolean }> {
  const { bucket } = s3;
  if (store !== "s3" || bucket === undefined) {
    throw new MillraceError("INTERNAL", "The lake is in no bucket: set lake.store to s3 and lake.s3.bucket");
  }
  const { createS3Bucket } = await import("@millrace/storage/s3");
  return createS3Bucket({ ...s3, bucket, ...patience });
}
