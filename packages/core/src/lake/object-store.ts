import { resolve } from "node:path";

import type { Config } from "@millrace/config";
import { MillraceError } from "@millrace/contract";
import { type ObjectStore, createFsObjectStore } from "@millrace/storage";

/** Where the lake's files are. */
export type ObjectStoreConfig = Pick<Config["lake"], "store" | "path" | "s3">;

/**
 * Opens the lake's object store as it is configured; nothing is read, written or sent yet. The S3 client is loaded only where it is used.
 * @throws INTERNAL where the bucket has no name
 */
export async function createObjectStore({ store, path, s3 }: ObjectStoreConfig): Promise<ObjectStore> {
  if (store === "fs") return createFsObjectStore({ root: resolve(path) });
  const { bucket } = s3;
  if (bucket === undefined) throw new MillraceError("INTERNAL", "lake.s3.bucket is not set");
  const { createS3ObjectStore } = await import("@millrace/storage/s3");
  return createS3ObjectStore({ ...s3, bucket });
}
