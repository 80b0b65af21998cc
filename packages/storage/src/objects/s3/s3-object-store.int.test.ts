import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { describeObjectStore } from "../../testing/describe-object-store.ts";
import {
  type ObjectStoreFixture,
  fileWith,
  listPaths,
  putContent,
  readAll,
  readText,
} from "../../testing/object-store/fixture.ts";
import { type TestS3, startTestS3 } from "../../testing/s3/start-test-s3.ts";
import { type TcpProxy, startTcpProxy } from "../../testing/tcp-proxy.ts";
import type { ObjectStore } from "../object-store.ts";
import { type S3ObjectStoreOptions, createS3ObjectStore } from "./create-s3-object-store.ts";

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
});
afterAll(() => s3?.remove());

async function open(options: Partial<S3ObjectStoreOptions> = {}): Promise<ObjectStoreFixture> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-objects-"));
  const given = { ...s3.options, prefix: s3.newPrefix(), pageMax: 7, ...options };
  const [store, other] = [createS3ObjectStore(given), createS3ObjectStore(given)];
  return {
    store,
    other,
    folder,
    async close() {
      await Promise.all([store.close(), other.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describeObjectStore("S3", open);

describe("a bucket as an object store", () => {
  let fixture: ObjectStoreFixture;
  beforeEach(async () => {
    fixture = await open();
  });
  afterEach(() => fixture.close());

  const storeWith = (options: Partial<S3ObjectStoreOptions>): ObjectStore =>
    createS3ObjectStore({ ...s3.options, attemptsMax: 2, retryDelayMs: 5, ...options });

  test("a prefix keeps stores of one bucket apart", async () => {
    await putContent(fixture, "a", "x");
    const neighbour = await open();
    expect(await listPaths(neighbour.store, "")).toEqual([]);
    await putContent(neighbour, "a", "y");
    expect(await readText(fixture.store, "a")).toBe("x");
    await neighbour.close();
  });

  test.each([
    ["a wrong secret", { secretAccessKey: "wrong" }, "doesn't know these credentials"],
    ["an unknown key", { accessKeyId: "unknown" }, "doesn't know these credentials"],
    ["a missing bucket", { bucket: "no-such-bucket" }, "there is no bucket no-such-bucket"],
  ])("%s is said to be set up wrong, at once", async (_, options, message) => {
    const store = storeWith(options);
    const file = await fileWith(fixture, "x");
    const refused = { code: "INTERNAL", message: expect.stringContaining(message) };
    await expect(store.ping()).rejects.toMatchObject(refused);
    await expect(store.now()).rejects.toMatchObject(refused);
    await expect(store.put("a", file)).rejects.toMatchObject(refused);
    await expect(store.read("a")).rejects.toMatchObject(refused);
    await expect(store.fetch("a", join(fixture.folder, "copy"))).rejects.toMatchObject(refused);
    await expect(store.delete(["a"])).rejects.toMatchObject(refused);
    await expect(listPaths(store, "")).rejects.toMatchObject(refused);
    await store.close();
  });

  test("nobody at the address is an outage", async () => {
    const store = storeWith({ endpoint: "http://127.0.0.1:9" });
    await expect(store.ping()).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 1_000 });
    await store.close();
  });

  test("a server that dies is an outage until it is back, and nothing that was stored is lost", async () => {
    await putContent(fixture, "before", "x");
    const store = storeWith({ prefix: "outage/" });
    await s3.stop();
    try {
      const outage = { code: "UNAVAILABLE" };
      const file = await fileWith(fixture, "during");
      await expect(store.put("during", file)).rejects.toMatchObject(outage);
      await expect(store.head("during")).rejects.toMatchObject(outage);
      await expect(store.read("during")).rejects.toMatchObject(outage);
      await expect(store.fetch("during", join(fixture.folder, "copy"))).rejects.toMatchObject(outage);
      await expect(store.delete(["during"])).rejects.toMatchObject(outage);
      await expect(listPaths(store, "")).rejects.toMatchObject(outage);
      await expect(store.ping()).rejects.toMatchObject(outage);
      await s3.start();
      await store.put("during", file);
    } finally {
      await s3.start().catch(() => {});
    }
    expect(await readText(store, "during")).toBe("during");
    expect(await readText(fixture.store, "before")).toBe("x");
    await store.delete(["during"]);
    await store.close();
  });
});

describe("a bucket behind a bad line", () => {
  /** Longer than a busy server takes for an answer. */
  const idleTimeoutMs = 4_000;
  let proxy: TcpProxy;
  let fixture: ObjectStoreFixture;
  const behind = (options: Partial<S3ObjectStoreOptions> = {}) =>
    open({ endpoint: `http://127.0.0.1:${proxy.port}`, idleTimeoutMs, attemptsMax: 3, retryDelayMs: 5, ...options });
  beforeEach(async () => {
    const url = new URL(s3.options.endpoint);
    proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    fixture = await behind();
  });
  afterEach(async () => {
    await fixture.close();
    await proxy.close();
  });

  test("a line that swallows everything ends every call in its time", async () => {
    const file = await fileWith(fixture, "x".repeat(100_000));
    const outage = { code: "UNAVAILABLE" };
    const hasty = await behind({ idleTimeoutMs: 300 });
    const { store } = hasty;
    proxy.blackHole();
    await Promise.all([
      expect(store.put("a", file)).rejects.toMatchObject(outage),
      expect(store.head("a")).rejects.toMatchObject(outage),
      expect(store.read("a")).rejects.toMatchObject(outage),
      expect(store.fetch("a", join(fixture.folder, "copy"))).rejects.toMatchObject(outage),
      expect(store.delete(["a"])).rejects.toMatchObject(outage),
      expect(listPaths(store, "")).rejects.toMatchObject(outage),
      expect(store.ping()).rejects.toMatchObject(outage),
    ]);
    proxy.heal();
    await vi.waitFor(() => store.ping());
    await hasty.close();
    await fixture.store.put("a", file);
    expect(await readAll(fixture.store, "a")).toHaveLength(100_000);
  });

  test("a store that is closed breaks off what nobody answers, and tries nothing again", async () => {
    const store = createS3ObjectStore({ ...s3.options, endpoint: `http://127.0.0.1:${proxy.port}` });
    const file = await fileWith(fixture, "x".repeat(100_000));
    proxy.blackHole();
    const calls = [store.put("a", file), store.head("a"), store.ping(), listPaths(store, "")];
    const ends = Promise.allSettled(calls);
    await vi.waitFor(() => expect(proxy.connections()).toBeGreaterThanOrEqual(calls.length));
    await store.close();
    for (const end of await ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE" } });
    await expect(store.ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("a transfer that stops midway fails for a reader and is done again for a file", async () => {
    const content = Buffer.alloc(8 * 1024 * 1024, "abc");
    await putContent(fixture, "large", content);
    let passedBytes = 0;
    const stopAfter2MiB = (direction: string, chunk: Buffer): boolean => {
      if (direction === "to client") passedBytes += chunk.length;
      return passedBytes < 2 * 1024 * 1024;
    };
    proxy.watch(stopAfter2MiB);
    await expect(readAll(fixture.store, "large")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    passedBytes = 0;
    // The first transfer stops; the line is good again before the second.
    proxy.watch((direction, chunk) => {
      const isPassed = stopAfter2MiB(direction, chunk);
      if (!isPassed) proxy.watch(undefined);
      return isPassed;
    });
    const copy = await fixture.store.fetch("large", join(fixture.folder, "copy"));
    expect(content.equals(await readAll(fixture.store, "large"))).toBe(true);
    expect(content.equals(await readFile(copy))).toBe(true);
  });

  test("a reader that takes its time is not cut off", async () => {
    const content = Buffer.alloc(8 * 1024 * 1024, "abc");
    await putContent(fixture, "large", content);
    const stream = await fixture.store.read("large");
    let received = 0;
    for await (const chunk of stream) {
      // Longer than the line may be silent.
      if (received === 0) await new Promise((resolve) => setTimeout(resolve, idleTimeoutMs + 500));
      received += (chunk as Buffer).length;
    }
    expect(received).toBe(content.length);
  });

  test("a slow line is not a dead one", async () => {
    proxy.delay(100);
    await putContent(fixture, "large", Buffer.alloc(2 * 1024 * 1024));
    expect(await readAll(fixture.store, "large")).toHaveLength(2 * 1024 * 1024);
  });

  test.each(["reset", "black hole"])(
    "an object whose answer was lost by a %s was stored by this call",
    async (fault) => {
      const { store, other } = fixture;
      const file = await fileWith(fixture, "content");
      let lost = 0;
      proxy.watch((direction) => {
        if (direction === "to server" || lost > 0) return true;
        lost++;
        // The server's answer to the first try: the object is there, and nobody was told.
        if (fault === "reset") proxy.reset();
        return false;
      });
      expect(await store.put("a", file)).toEqual({ bytes: 7 });
      expect(lost).toBe(1);
      await expect(other.put("a", file)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      expect(await readText(store, "a")).toBe("content");
    },
  );

  test("an object of another is not taken for one's own after a lost answer", async () => {
    await putContent(fixture, "a", "content");
    const file = await fileWith(fixture, "content");
    let lost = 0;
    proxy.watch((direction) => direction === "to server" || lost++ > 0);
    await expect(fixture.store.put("a", file)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(lost).toBeGreaterThan(1);
  });
});
