import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createFsObjectStore, type ObjectStore } from "@millrace/storage";
import { createS3ObjectStore } from "@millrace/storage/s3";
import { startTestS3 } from "@millrace/storage/testing";

/** Where the lakes of a test file have their objects. */
export interface TestStore {
  /** A store that nobody else has. */
  open(): ObjectStore;
  close(): Promise<void>;
}

/** The object stores that a lake is tested on, by name. */
export const testStores: readonly (readonly [name: string, start: () => Promise<TestStore>])[] = [
  ["a local store", startLocal],
  ["S3", startS3],
];

async function startLocal(): Promise<TestStore> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-objects-"));
  let stores = 0;
  return {
    open: () => createFsObjectStore({ root: join(folder, `${++stores}`) }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function startS3(): Promise<TestStore> {
  const s3 = await startTestS3();
  // Small pages, so that a listing of few objects has several.
  return {
    open: () => createS3ObjectStore({ ...s3.options, prefix: s3.newPrefix(), pageMax: 3 }),
    close: () => s3.remove(),
  };
}
