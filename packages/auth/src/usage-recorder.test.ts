import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createUsageRecorder } from "./usage-recorder.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function createAt(options: { keysMax?: number; fail?: boolean } = {}) {
  const writes: (readonly string[])[] = [];
  const recorder = createUsageRecorder({
    write: async (keyIds) => {
      writes.push(keyIds);
      if (options.fail === true) throw new Error("the database is down");
    },
    nowMs: () => Date.now(),
    ...(options.keysMax === undefined ? {} : { keysMax: options.keysMax }),
  });
  return { writes, recorder };
}

describe("the use of keys", () => {
  test("is never written on the request's path, and gathered into one write", async () => {
    const { writes, recorder } = createAt();
    for (let i = 0; i < 100; i++) recorder.used(`key-${i % 3}`);
    expect(writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(writes).toEqual([["key-0", "key-1", "key-2"]]);
  });

  test("is written at most once a key and minute", async () => {
    const { writes, recorder } = createAt();
    for (let second = 0; second < 60; second++) {
      recorder.used("key");
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(writes).toHaveLength(1);
    recorder.used("key");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(writes).toHaveLength(2);
  });

  test("takes no more memory than it is given", async () => {
    const { writes, recorder } = createAt({ keysMax: 10 });
    for (let i = 0; i < 1_000; i++) recorder.used(`key-${i}`);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(writes.flat()).toHaveLength(10);
  });

  test("is written once more at the end, and never after it", async () => {
    const { writes, recorder } = createAt();
    recorder.used("a");
    await recorder.close();
    recorder.used("b");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(writes).toEqual([["a"]]);
  });

  test("goes on after a write that failed", async () => {
    const { writes, recorder } = createAt({ fail: true });
    recorder.used("a");
    await vi.advanceTimersByTimeAsync(5_000);
    recorder.used("b");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(writes).toEqual([["a"], ["b"]]);
  });
});
