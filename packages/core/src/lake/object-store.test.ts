import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { loadConfig } from "@millrace/config";

import { createBucket } from "./create-bucket.ts";
import { createObjectStore } from "./object-store.ts";

const s3Defaults = loadConfig({ sections: ["lake"], env: {}, cwd: tmpdir() }).config.lake.s3;

test("a folder is the store unless a bucket is configured", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-lake-"));
  const store = await createObjectStore({ store: "fs", path: join(folder, "lake"), s3: s3Defaults });
  await writeFile(join(folder, "file"), "x");
  await store.put("1/a", join(folder, "file"));
  expect(await store.fetch("1/a", "")).toBe(join(folder, "lake/1/a"));
  await store.close();
  await rm(folder, { recursive: true });
});

test("a bucket is the store where it is configured, and nothing is sent before it is used", async () => {
  const s3 = {
    ...s3Defaults,
    bucket: "events",
    endpoint: "http://127.0.0.1:9",
    accessKeyId: "a",
    secretAccessKey: "b",
  };
  const store = await createObjectStore({ store: "s3", path: "", s3 });
  expect(store.kind).toBe("s3");
  await store.close();
});

test("a bucket without a name is refused", async () => {
  await expect(createObjectStore({ store: "s3", path: "", s3: s3Defaults })).rejects.toMatchObject({
    code: "INTERNAL",
  });
});

test("a bucket is made only where the lake is to be in one", async () => {
  const lake = { store: "fs", path: tmpdir(), s3: { ...s3Defaults, bucket: "events" } } as const;
  await expect(createBucket(lake)).rejects.toMatchObject({ code: "INTERNAL" });
  await expect(createBucket({ ...lake, store: "s3", s3: s3Defaults })).rejects.toMatchObject({ code: "INTERNAL" });
});

test("a server that refuses at first is asked again, for as long as the patience lasts", async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    response.writeHead(asked++ === 0 ? 403 : 200).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const keys = { accessKeyId: "a", secretAccessKey: "b", forcePathStyle: true };
  const lake = { store: "s3", path: tmpdir(), s3: { ...s3Defaults, bucket: "events", endpoint, ...keys } } as const;
  await expect(createBucket(lake, { patienceMs: 0 })).rejects.toMatchObject({ code: "INTERNAL" });
  asked = 0;
  expect(await createBucket(lake)).toEqual({ isNew: false });
  expect(asked).toBe(2);
  server.close();
});
