import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where lakes are: a folder, or a bucket. */
export interface LakeStorage {
  readonly kind: "fs" | "s3";
  /** The configuration of a lake that nobody else uses, for the processes that share it. */
  newLake(folder: string): Readonly<Record<string, string>>;
  /** The folder in which the files are after a query has read them. */
  filesOf(folder: string): string;
}

/** Runs `fn` with storage for lakes; a server for S3 is started and removed. */
export async function withLakeStorage<Result>(
  kind: LakeStorage["kind"],
  fn: (storage: LakeStorage) => Promise<Result>,
): Promise<Result> {
  if (kind === "fs") {
    return fn({
      kind,
      newLake: (folder) => ({ MILLRACE_LAKE_PATH: join(folder, "lake") }),
      filesOf: (folder) => join(folder, "lake"),
    });
  }
  const { startTestS3 } = await import("./testing-s3.ts");
  const s3 = await startTestS3();
  try {
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = s3.options;
    return await fn({
      kind,
      newLake: () => ({
        MILLRACE_LAKE_STORE: "s3",
        MILLRACE_LAKE_S3_ENDPOINT: endpoint,
        MILLRACE_LAKE_S3_REGION: region,
        MILLRACE_LAKE_S3_BUCKET: bucket,
        MILLRACE_LAKE_S3_PREFIX: s3.newPrefix(),
        MILLRACE_LAKE_S3_ACCESS_KEY_ID: accessKeyId,
        MILLRACE_LAKE_S3_SECRET_ACCESS_KEY: secretAccessKey,
        MILLRACE_LAKE_S3_FORCE_PATH_STYLE: "true",
      }),
      filesOf: (folder) => join(folder, "api-cache"),
    });
  } finally {
    await s3.remove();
  }
}

/** Runs `fn` with a folder of its own. */
export async function withFolder<Result>(fn: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-lake-"));
  try {
    return await fn(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
