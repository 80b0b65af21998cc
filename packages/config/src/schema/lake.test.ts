import { describe, expect, test } from "vitest";

import { load, problemsOf } from "../testing-load.ts";

const refused = (keys: string, env: Record<string, string> = {}) =>
  problemsOf(() => load({ sections: ["lake"], yaml: `lake: {${keys}}`, env })).map(({ name }) => name);

describe("lake", () => {
  test("its defaults keep files in a local folder", () => {
    expect(load({ sections: ["lake"], env: { MILLRACE_PROFILE: "test" } }).config.lake).toEqual({
      store: "fs",
      path: ".millrace/lake",
      s3: {
        endpoint: undefined,
        region: "us-east-1",
        bucket: undefined,
        prefix: "",
        accessKeyId: undefined,
        secretAccessKey: undefined,
        forcePathStyle: false,
      },
      cacheDirectory: ".millrace/cache",
      cacheBytesMax: 4_294_967_296,
      flushMs: 250,
      flushRows: 100_000,
      flushBytes: 67_108_864,
      leaseMs: 8_000,
      jobHistory: true,
      historyFlushMs: 10_000,
      compaction: {
        filesMax: 100,
        inputsMax: 64,
        smallestTierBytes: 1_048_576,
        tierRatio: 8,
        targetBytes: 268_435_456,
      },
      snapshotRetentionMs: 604_800_000,
      graceMs: 3_600_000,
      orphanGraceMs: 86_400_000,
      memoryBytes: 536_870_912,
      threads: 2,
    });
  });

  test("a bucket and its keys come from the environment by their mechanical names", () => {
    const { config } = load({
      sections: ["lake"],
      env: {
        MILLRACE_LAKE_STORE: "s3",
        MILLRACE_LAKE_S3_ENDPOINT: "http://127.0.0.1:9000",
        MILLRACE_LAKE_S3_BUCKET: "events",
        MILLRACE_LAKE_S3_ACCESS_KEY_ID: "id",
        MILLRACE_LAKE_S3_SECRET_ACCESS_KEY: "secret",
        MILLRACE_LAKE_S3_FORCE_PATH_STYLE: "true",
      },
    });
    expect(config.lake.s3).toMatchObject({
      endpoint: "http://127.0.0.1:9000",
      bucket: "events",
      accessKeyId: "id",
      secretAccessKey: "secret",
      forcePathStyle: true,
    });
  });

  test("a secret that is refused is not shown", () => {
    const problems = problemsOf(() =>
      load({ sections: ["lake"], env: { MILLRACE_LAKE_S3_SECRET_ACCESS_KEY: "hunter2 hunter2" } }),
    );
    expect(problems).not.toEqual([]);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  test.each([
    ["store: s3", "lake.s3.bucket"],
    ["s3: {accessKeyId: a}", "lake.s3.secretAccessKey"],
    ["s3: {secretAccessKey: a}", "lake.s3.secretAccessKey"],
    ["s3: {endpoint: '127.0.0.1:9000'}", "lake.s3.endpoint"],
    ["s3: {endpoint: 'https://s3.example.com/bucket'}", "lake.s3.endpoint"],
    ["s3: {endpoint: 'https://a:b@s3.example.com'}", "lake.s3.endpoint"],
    ["s3: {bucket: ab}", "lake.s3.bucket"],
    ["s3: {bucket: Events}", "lake.s3.bucket"],
    ["s3: {prefix: lake}", "lake.s3.prefix"],
    ["s3: {prefix: /lake/}", "lake.s3.prefix"],
    ["s3: {prefix: ../lake/}", "lake.s3.prefix"],
    ["store: gcs", "lake.store"],
    ["flushMs: 0", "lake.flushMs"],
    ["flushMs: 121s", "lake.flushMs"],
    ["historyFlushMs: 601s", "lake.historyFlushMs"],
    ["graceMs: 1m", "lake.graceMs"],
    ["compaction: {filesMax: 50, inputsMax: 51}", "lake.compaction.inputsMax"],
    ["compaction: {smallestTierBytes: 1MiB, targetBytes: 1MiB}", "lake.compaction.smallestTierBytes"],
  ])("%s is refused", (keys, name) => expect(refused(keys)).toEqual([name]));

  test.each([
    "store: s3, s3: {bucket: events.eu-1}",
    "s3: {endpoint: 'https://s3.example.com/'}",
    "s3: {endpoint: 'http://[::1]:9000'}",
    "s3: {prefix: lake/eu-1/}",
    "compaction: {filesMax: 64}",
    "flushMs: 2m, historyFlushMs: 10m",
  ])("%s is fine", (keys) => expect(refused(keys)).toEqual([]));

  test("in production the folder is named by an absolute path", () => {
    const env = { MILLRACE_PROFILE: "prod" };
    expect(refused("", env)).toEqual([]);
    expect(refused("path: lake", env)).toEqual(["lake.path"]);
    expect(refused("store: s3, s3: {bucket: events}, cacheDirectory: cache, path: lake", env)).toEqual([
      "lake.cacheDirectory",
    ]);
  });
});
