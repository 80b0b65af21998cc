import { describe, expect, test } from "vitest";

import { load, problemsOf } from "../testing-load.ts";

const refused = (keys: string) =>
  problemsOf(() => load({ sections: ["query"], yaml: `query: {${keys}}` })).map(({ name }) => name);

describe("query", () => {
  test("its defaults suit two cores", () => {
    expect(load({ sections: ["query"] }).config.query).toEqual({
      threads: 2,
      memoryBytes: 536_870_912,
      timeoutMs: 30_000,
      timeoutMsMax: 300_000,
      rowsMax: 1_000_000,
      bytesMax: 268_435_456,
      concurrency: 2,
      concurrencyPerTenant: 1,
      queueMax: 64,
      queueTimeoutMs: 10_000,
      consistencyTimeoutMs: 15_000,
      consistencyTimeoutMsMax: 60_000,
    });
  });

  test.each([
    ["timeoutMs: 6s, timeoutMsMax: 5s", "query.timeoutMs"],
    ["timeoutMsMax: 11m", "query.timeoutMsMax"],
    ["consistencyTimeoutMs: 61s", "query.consistencyTimeoutMs"],
    ["concurrency: 1, concurrencyPerTenant: 2", "query.concurrencyPerTenant"],
    ["concurrency: 2, concurrencyPerTenant: 2", "query.concurrencyPerTenant"],
    ["memoryBytes: 1MiB", "query.memoryBytes"],
    ["rowsMax: 0", "query.rowsMax"],
  ])("%s is refused", (keys, name) => expect(refused(keys)).toEqual([name]));

  test.each([
    "timeoutMs: 5m",
    "concurrency: 1",
    "concurrency: 3, concurrencyPerTenant: 2",
    "queueMax: 0",
    "consistencyTimeoutMs: 0",
  ])("%s is fine", (keys) => expect(refused(keys)).toEqual([]));
});
