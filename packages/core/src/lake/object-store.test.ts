import { mkdtemp, rm, writeFile } from "node:fs/promises";
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
