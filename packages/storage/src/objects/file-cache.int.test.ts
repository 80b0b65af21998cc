import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { type ObjectStoreFixture, putContent } from "../testing/object-store/fixture.ts";
import { type TestS3, startTestS3 } from "../testing/s3/start-test-s3.ts";
import { type CachedFile, type FileCache, createFileCache } from "./file-cache.ts";
import { createFsObjectStore } from "./fs-object-store.ts";
import { lockName } from "./lock-folder.ts";
import type { ObjectStore } from "./object-store.ts";
import { createS3ObjectStore } from "./s3/create-s3-object-store.ts";

const kibibyte = 1_024;

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
});
afterAll(() => s3?.remove());

describe("a cache of files of S3", () => {
  let fixture: ObjectStoreFixture;
  let directory: string;
  /** Paths in the order of their downloads, and how many were under way at the same time. */
  let fetched: string[];
  let runningMax: number;
  let store: ObjectStore;

  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-cache-"));
    directory = join(folder, "cache");
    const remote = createS3ObjectStore({ ...s3.options, prefix: s3.newPrefix(), attemptsMax: 1 });
    fetched = [];
    runningMax = 0;
    let running = 0;
    store = {
      ...remote,
      async fetch(path, target) {
        fetched.push(path);
        runningMax = Math.max(runningMax, ++running);
        try {
          return await remote.fetch(path, target);
        } finally {
          running--;
        }
      },
    };
    fixture = {
      store,
      other: store,
      folder,
      async close() {
        await remote.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
    await Promise.all(
      pathsOf("a", "b", "c", "d", "e").map((path) => putContent(fixture, path, path.charAt(2).repeat(kibibyte))),
    );
  });
  afterEach(() => fixture.close());

  const pathsOf = (...letters: readonly string[]): readonly string[] => letters.map((letter) => `1/${letter}.parquet`);
  const some = (...letters: readonly string[]): readonly CachedFile[] =>
    pathsOf(...letters).map((path) => ({ path, bytes: kibibyte }));
  const open = (bytesMax = 100 * kibibyte): FileCache => createFileCache({ store, directory, bytesMax });

  async function use(cache: FileCache, ...letters: readonly string[]): Promise<void> {
    const { release } = await cache.acquire(some(...letters));
    release();
  }

  async function filesOnDisk(): Promise<number> {
    return (await readdir(directory)).filter((name) => name !== lockName).length;
  }

  test("files are local, whole, read-only and in the order that was asked for", async () => {
    const { localPaths } = await open().acquire(some("c", "a", "c"));
    expect(await Promise.all(localPaths.map((path) => readFile(path, "utf8")))).toEqual(
      ["c", "a", "c"].map((letter) => letter.repeat(kibibyte)),
    );
    expect(localPaths.every((path) => path.startsWith(directory) && path.endsWith(".parquet"))).toBe(true);
    for (const path of localPaths) expect((await stat(path)).mode & 0o777).toBe(0o444);
  });

  test("what is there is not fetched again", async () => {
    const cache = open();
    await use(cache, "a", "b");
    await use(cache, "b", "a", "c");
    expect(fetched.toSorted()).toEqual(pathsOf("a", "b", "c"));
  });

  test("who wants the same file at once shares one download", async () => {
    const cache = open();
    await Promise.all(Array.from({ length: 20 }, () => use(cache, "a", "b")));
    expect(fetched.toSorted()).toEqual(pathsOf("a", "b"));
  });

  test("no more than the given number of downloads run at the same time", async () => {
    const cache = createFileCache({ store, directory, bytesMax: 100 * kibibyte, downloadsMax: 2 });
    await Promise.all([use(cache, "a", "b", "c"), use(cache, "c", "d", "e")]);
    expect(fetched).toHaveLength(5);
    expect(runningMax).toBe(2);
  });

  test("the longest unused go first, down to the limit", async () => {
    const cache = open(3 * kibibyte);
    await use(cache, "a", "b", "c");
    await use(cache, "a");
    await use(cache, "d");
    await vi.waitFor(async () => expect(await filesOnDisk()).toBe(3));
    fetched = [];
    await use(cache, "a", "c", "d");
    expect(fetched).toEqual([]);
    await use(cache, "b");
    expect(fetched).toEqual(pathsOf("b"));
  });

  test("what is in use is never evicted, and goes once it is released", async () => {
    const cache = open(2 * kibibyte);
    const held = await cache.acquire(some("a", "b", "c"));
    await use(cache, "d", "e");
    for (const path of held.localPaths) expect((await readFile(path)).length).toBe(kibibyte);
    held.release();
    held.release();
    await vi.waitFor(async () => expect(await filesOnDisk()).toBe(2));
  });

  test("a file that is evicted and wanted again at once is there", async () => {
    const cache = open(kibibyte);
    for (let round = 0; round < 30; round++) {
      const acquired = await Promise.all([cache.acquire(some("a")), cache.acquire(some("b"))]);
      for (const { localPaths } of acquired) expect((await readFile(localPaths[0] ?? "")).length).toBe(kibibyte);
      for (const { release } of acquired) release();
    }
  });

  test("a folder has one cache at a time, and the next one takes it when that is closed or its process killed", async () => {
    const first = open();
    await first.open();
    const message = expect.stringMatching(/in use by another process.*lake\.cacheDirectory/);
    await expect(open().open()).rejects.toMatchObject({ code: "INTERNAL", message });
    await expect(use(open(), "a")).rejects.toMatchObject({ code: "INTERNAL" });
    await use(first, "a");
    await first.close();
    const program = `import(${JSON.stringify(import.meta.resolve("./lock-folder.ts"))}).then((m) => { m.lockFolder(process.argv[1]); gc(); console.log("held"); setInterval(() => {}, 1000); })`;
    const other = spawn(process.execPath, ["--conditions=@millrace/source", "--expose-gc", "-e", program, directory]);
    await once(other.stdout, "data");
    const second = open();
    await expect(second.open()).rejects.toMatchObject({ code: "INTERNAL" });
    other.kill("SIGKILL");
    await once(other, "exit");
    await use(second, "a");
    expect(fetched).toEqual(pathsOf("a"));
    await second.close();
  });

  test("a new process takes over what is there and removes what was not finished", async () => {
    const earlier = open();
    await use(earlier, "a", "b", "c");
    await earlier.close();
    await writeFile(join(directory, `x~00000000-0000-4000-8000-000000000000.tmp`), "half");
    fetched = [];
    const cache = open(4 * kibibyte);
    await use(cache, "a", "b", "c");
    expect(fetched).toEqual([]);
    expect(await filesOnDisk()).toBe(3);
    await use(cache, "d", "e");
    await vi.waitFor(async () => expect(await filesOnDisk()).toBe(4));
  });

  test("a short or missing file is fetched again", async () => {
    const cache = open();
    const { localPaths, release } = await cache.acquire(some("a", "b"));
    release();
    const [short = "", missing = ""] = localPaths;
    await chmod(short, 0o644);
    await truncate(short, 10);
    await rm(missing);
    for (const current of [cache, open()]) {
      await use(current, "a", "b");
      await current.close();
      expect((await readFile(short, "utf8")).length).toBe(kibibyte);
    }
    expect(fetched.toSorted()).toEqual(pathsOf("a", "a", "b", "b"));
  });

  test("an object that is not there fails the acquisition, holds nothing and is asked for again", async () => {
    const cache = open(2 * kibibyte);
    await expect(cache.acquire([...some("a"), { path: "1/absent", bytes: 2 * kibibyte }])).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await use(cache, "a", "b");
    await putContent(fixture, "1/absent", "x".repeat(2 * kibibyte));
    const { localPaths } = await cache.acquire([{ path: "1/absent", bytes: 2 * kibibyte }]);
    expect((await readFile(localPaths[0] ?? "")).length).toBe(2 * kibibyte);
    await vi.waitFor(async () => expect(await filesOnDisk()).toBe(1));
  });

  test("an object of another size than the catalogue says is refused", async () => {
    await expect(open().acquire([{ path: "1/a.parquet", bytes: 7 }])).rejects.toMatchObject({ code: "INTERNAL" });
  });

  test("who stops waiting is answered at once, starts no more downloads, and holds nothing once those under way have ended", async () => {
    const slow = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const stalled: ObjectStore = {
      ...store,
      async fetch(path, file) {
        begun.resolve();
        await slow.promise;
        return store.fetch(path, file);
      },
    };
    const cache = createFileCache({ store: stalled, directory, bytesMax: 0, downloadsMax: 1 });
    const gone = new AbortController();
    const acquired = cache.acquire(some("a", "b"), gone.signal);
    await begun.promise;
    gone.abort(new Error("gone"));
    await expect(acquired).rejects.toThrow("gone");
    slow.resolve();
    await vi.waitFor(() => expect(fetched).toEqual(pathsOf("a")));
    await vi.waitFor(async () => expect(await filesOnDisk()).toBe(0));
    expect((await cache.acquire(some("b", "a"))).localPaths).toHaveLength(2);
    expect(fetched.toSorted()).toEqual(pathsOf("a", "a", "b"));
  });

  test("during an outage what is there serves on, and the rest once the server is back", async () => {
    const cache = open();
    await use(cache, "a");
    await s3.stop();
    try {
      await use(cache, "a");
      await expect(cache.acquire(some("a", "b"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    } finally {
      await s3.start();
    }
    await use(cache, "a", "b");
  });
});

test("a local store's own files are answered, and none is copied", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-cache-"));
  const [root, directory, source] = ["lake", "cache", "source"].map((name) => join(folder, name));
  const store = createFsObjectStore({ root: root ?? "" });
  await writeFile(source ?? "", "x");
  await store.put("1/a", source ?? "");
  const cache = createFileCache({ store, directory: directory ?? "", bytesMax: 0 });
  const { localPaths, release } = await cache.acquire([{ path: "1/a", bytes: 1 }]);
  release();
  expect(localPaths).toEqual([join(root ?? "", "1/a")]);
  await expect(cache.acquire([{ path: "1/b", bytes: 1 }])).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await readdir(folder)).toSorted()).toEqual(["lake", "source"]);
  await rm(folder, { recursive: true });
});
