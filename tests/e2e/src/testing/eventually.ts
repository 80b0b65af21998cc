import { type Assertion, expect } from "vitest";

/** Expects what `read` answers to come to match in the end. The time limit is generous: it says that something hangs, not that it is slow. */
export function eventually<Answer>(read: () => Answer, intervalMs = 50): Assertion<Promise<void>, Awaited<Answer>> {
  return expect.poll(read, { timeout: 300_000, interval: intervalMs });
}
