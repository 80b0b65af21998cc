import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe } from "vitest";

import { createFsObjectStore, type ObjectStore } from "@millrace/storage";
import { createS3ObjectStore } from "@millrace/storage/s3";
import { startTestS3 } from "@millrace/storage/testing";

/** Runs the same tests on each object store that a lake is tested on; what they open is a store that nobody else has. */
export function describeOnStores(name: string, tests: (openObjects: () => ObjectStore) => void): void {
  describe.each([
    ["a local store", startLocal],
    ["S3", startS3],
  ] as const)(`${name} on %s`, (_, start) => {
    let server: StoreServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.close());

    tests(() => server.open());
  });
}

/** Where the stores of a test file have their objects. */
interface StoreServer {
  open(): ObjectStore;
  close(): Promise<void>;
}

async function startLocal(): Promise<StoreServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-objects-"));
  let stores = 0;
  return {
    open: () => createFsObjectStore({ root: join(folder, `${++stores}`) }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function startS3(): Promise<StoreServer> {
  const s3 = await startTestS3();
  // Small pages, so that a listing of few objects has several.
  return {
    open: () => createS3ObjectStore({ ...s3.options, prefix: s3.newPrefix(), pageMax: 3 }),
    close: () => s3.remove(),
  };
}
