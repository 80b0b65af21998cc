import { Readable } from "node:stream";

import { objectNotFound } from "../not-found.ts";
import { checkByteRange, checkObjectPath, checkObjectPrefix } from "../object-path.ts";
import type { ObjectStore } from "../object-store.ts";
import { deleteAll } from "./delete.ts";
import { fetch } from "./fetch.ts";
import { get } from "./get.ts";
import { head } from "./head.ts";
import { list } from "./list.ts";
import { now } from "./now.ts";
import { put } from "./put.ts";
import { type S3ObjectStoreOptions, openContext } from "./s3-client.ts";

export type { S3ObjectStoreOptions } from "./s3-client.ts";

/** Objects in a bucket of S3, or of a server that speaks its protocol and knows conditional writes. Nothing is sent before the first call. */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  const context = openContext(options);
  return {
    kind: "s3",
    async put(path, file) {
      checkObjectPath(path);
      return put(context, path, file);
    },
    async head(path) {
      checkObjectPath(path);
      const found = await head(context, path);
      return found && { path: found.path, bytes: found.bytes, modifiedAt: found.modifiedAt };
    },
    async read(path, range) {
      checkObjectPath(path);
      if (range !== undefined) checkByteRange(range);
      if (range === undefined || range.start < range.end) return (await get(context, path, range)).stream;
      // HTTP has no empty ranges.
      if ((await head(context, path)) === undefined) throw objectNotFound(path);
      return Readable.from([]);
    },
    async fetch(path, target) {
      checkObjectPath(path);
      return fetch(context, path, target);
    },
    async delete(paths) {
      for (const path of paths) checkObjectPath(path);
      await deleteAll(context, paths);
    },
    async *list(prefix) {
      checkObjectPrefix(prefix);
      yield* list(context, prefix);
    },
    now: () => now(context),
    async ping() {
      await now(context);
    },
    async close() {
      context.closing.abort();
      context.client.destroy();
    },
  };
}
