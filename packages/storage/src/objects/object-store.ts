import type { Readable } from "node:stream";

/** An object as a listing shows it. */
export interface ObjectInfo {
  readonly path: string;
  readonly bytes: number;
  /** By the store's own clock. */
  readonly modifiedAt: Date;
}

/**
 * Immutable objects by path, such as `3/17/0198….parquet`: segments of `[A-Za-z0-9._-]`, separated by `/`, none of them `.` or `..`.
 * Failures of the store are MillraceErrors: UNAVAILABLE where trying again may help, INTERNAL where it is set up wrong (credentials, bucket).
 */
export interface ObjectStore {
  readonly kind: "fs" | "s3";
  /** Stores a local file under a new path; durable once it resolves. @throws ALREADY_EXISTS */
  put(path: string, file: string): Promise<{ readonly bytes: number }>;
  /** Undefined where there is none. */
  head(path: string): Promise<ObjectInfo | undefined>;
  /** Its bytes, from `start` to `end` (exclusive) where given. @throws NOT_FOUND */
  read(path: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>;
  /** A local file with its content: the store's own where it is local, else `target`, which is written whole or not at all. @throws NOT_FOUND */
  fetch(path: string, target: string): Promise<string>;
  /** Deletes objects; those that are not there count as deleted. */
  delete(paths: readonly string[]): Promise<void>;
  /** Everything below a prefix, page by page, in the order of paths. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** The store's own time. */
  now(): Promise<Date>;
  /** @throws UNAVAILABLE, INTERNAL */
  ping(): Promise<void>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}
