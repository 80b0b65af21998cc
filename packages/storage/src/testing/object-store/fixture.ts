import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

import type { ByteRange } from "../../objects/object-path.ts";
import type { ObjectInfo, ObjectStore } from "../../objects/object-store.ts";

/** A store to test, empty, and how to put it away. */
export interface ObjectStoreFixture {
  readonly store: ObjectStore;
  /** The same objects through a store of its own, as another process has it. */
  readonly other: ObjectStore;
  /** An empty local folder for files of the test. */
  readonly folder: string;
  close(): Promise<void>;
}

export type OpenObjectStore = () => Promise<ObjectStoreFixture>;

/** A new local file with this content. */
export async function fileWith({ folder }: ObjectStoreFixture, content: string | Uint8Array): Promise<string> {
  const file = join(folder, randomUUID());
  await writeFile(file, content);
  return file;
}

/** Stores this content under a path. */
export async function putContent(
  fixture: ObjectStoreFixture,
  path: string,
  content: string | Uint8Array,
): Promise<{ readonly bytes: number }> {
  return fixture.store.put(path, await fileWith(fixture, content));
}

/** The bytes of an object, or of a part of it. */
export async function readAll(store: ObjectStore, path: string, range?: ByteRange): Promise<Buffer> {
  return buffer(await store.read(path, range));
}

/** The text of an object, or of a part of it. */
export async function readText(store: ObjectStore, path: string, range?: ByteRange): Promise<string> {
  return (await readAll(store, path, range)).toString();
}

/** Everything that a listing yields. */
export async function listAll(store: ObjectStore, prefix: string): Promise<readonly ObjectInfo[]> {
  return Array.fromAsync(store.list(prefix));
}

/** The paths that a listing yields, in its order. */
export async function listPaths(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  return (await listAll(store, prefix)).map(({ path }) => path);
}
