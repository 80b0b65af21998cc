import { validate, version } from "uuid";
import { describe, expect, test, vi } from "vitest";

import { newJobId } from "./job-id.ts";

describe("newJobId", () => {
  test("makes UUIDv7s that carry the time", () => {
    const before = Date.now();
    const id = newJobId();
    expect({ valid: validate(id), version: version(id) }).toEqual({ valid: true, version: 7 });
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBeGreaterThanOrEqual(before);
  });

  test("makes ids that sort in the order in which they were made, also when the clock stands or goes back", () => {
    vi.useFakeTimers();
    try {
      const ids = Array.from({ length: 2_000 }, (_, index) => {
        if (index === 1_000) vi.setSystemTime(Date.now() - 5_000);
        if (index === 1_500) vi.setSystemTime(Date.now() + 10_000);
        return newJobId();
      });
      expect(ids.toSorted()).toEqual(ids);
    } finally {
      vi.useRealTimers();
    }
  });

  test("draws new random bytes for each id", () => {
    const tails = new Set(Array.from({ length: 2_000 }, () => newJobId().slice(-10)));
    expect(tails.size).toBe(2_000);
  });
});
