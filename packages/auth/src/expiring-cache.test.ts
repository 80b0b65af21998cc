import { describe, expect, test } from "vitest";

import { createExpiringCache } from "./expiring-cache.ts";

function createAt(sizeMax: number) {
  const clock = { ms: 0 };
  const dropped: number[] = [];
  const cache = createExpiringCache<number>(
    sizeMax,
    () => clock.ms,
    (value) => dropped.push(value),
  );
  return { clock, dropped, cache };
}

describe("an expiring cache", () => {
  test("forgets an entry exactly when its time is over", () => {
    const { clock, cache, dropped } = createAt(10);
    cache.set("a", 1, 100);
    clock.ms = 99;
    expect(cache.get("a")).toBe(1);
    clock.ms = 100;
    expect(cache.get("a")).toBeUndefined();
    expect(dropped).toEqual([1]);
  });

  test("does not live longer for being asked", () => {
    const { clock, cache } = createAt(10);
    cache.set("a", 1, 100);
    for (clock.ms = 0; clock.ms < 100; clock.ms += 10) expect(cache.get("a")).toBe(1);
    expect(cache.get("a")).toBeUndefined();
  });

  test("never holds more than its size, and gives up what was not used for longest", () => {
    const { cache, dropped } = createAt(2);
    cache.set("a", 1, 100);
    cache.set("b", 2, 100);
    cache.get("a");
    cache.set("c", 3, 100);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
    expect(cache.size).toBe(2);
    expect(dropped).toEqual([2]);
  });

  test("remembers nothing for a time of zero", () => {
    const { cache } = createAt(2);
    cache.set("a", 1, 0);
    expect(cache.get("a")).toBeUndefined();
  });

  test("tells of every entry that goes, also when all go", () => {
    const { cache, dropped } = createAt(3);
    cache.set("a", 1, 100);
    cache.set("a", 2, 100);
    cache.set("b", 3, 100);
    cache.delete("unknown");
    cache.clear();
    expect(dropped).toEqual([1, 2, 3]);
    expect(cache.size).toBe(0);
  });
});
