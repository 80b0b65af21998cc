import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type TestS3, startTestS3 } from "../../testing/s3/start-test-s3.ts";
import { createS3Bucket } from "./create-bucket.ts";
import { createS3ObjectStore } from "./create-s3-object-store.ts";

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
});
afterAll(() => s3?.remove());

test("a bucket is made once, however many make it at the same time, and can be used", async () => {
  const options = { ...s3.options, bucket: `made-${randomUUID()}` };
  await Promise.all(Array.from({ length: 4 }, () => createS3Bucket(options)));
  expect(await createS3Bucket(options)).toEqual({ isNew: false });
  const store = createS3ObjectStore(options);
  expect(await Array.fromAsync(store.list(""))).toEqual([]);
  await store.close();
});

test("wrong credentials are told from a bucket that is missing", async () => {
  const options = { ...s3.options, bucket: `made-${randomUUID()}`, secretAccessKey: "wrong" };
  await expect(createS3Bucket(options)).rejects.toMatchObject({ code: "INTERNAL" });
});

test("a server that nobody reaches is told from one that refuses", async () => {
  const options = { ...s3.options, endpoint: "http://127.0.0.1:1", attemptsMax: 2, retryDelayMs: 1 };
  await expect(createS3Bucket(options)).rejects.toMatchObject({ code: "UNAVAILABLE" });
});
