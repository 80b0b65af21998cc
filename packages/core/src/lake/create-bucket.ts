import { setTimeout as delay } from "node:timers/promises";

import { MillraceError } from "@millrace/contract";

import type { ObjectStoreConfig } from "./object-store.ts";

const pauseMs = 1_000;

export interface CreateBucketOptions {
  /** How long a server that refuses or does not answer is asked again: one that is starting may not know its keys yet. Default a minute. */
  readonly patienceMs?: number;
}

/**
 * Makes the lake's bucket unless it is there. @throws INTERNAL where the lake is in a folder, or the server refuses; UNAVAILABLE where it
 * does not answer
 */
export async function createBucket(
  { store, s3 }: ObjectStoreConfig,
  { patienceMs = 60_000 }: CreateBucketOptions = {},
): Promise<{ readonly isNew: boolean }> {
  const { bucket } = s3;
  if (store !== "s3" || bucket === undefined) {
    throw new MillraceError("INTERNAL", "The lake is in no bucket: set lake.store to s3 and lake.s3.bucket");
  }
  const { createS3Bucket } = await import("@millrace/storage/s3");
  for (const deadlineMs = performance.now() + patienceMs; ;) {
    try {
      return await createS3Bucket({ ...s3, bucket });
    } catch (error) {
      if (performance.now() + pauseMs > deadlineMs) throw error;
      await delay(pauseMs);
    }
  }
}
