import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { within } from "./within.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("leaves no timer behind that would hold the process, however it ends", async () => {
  await within(60_000, Promise.resolve());
  expect(vi.getTimerCount()).toBe(0);
  await expect(within(60_000, Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(vi.getTimerCount()).toBe(0);
});

test("waits no longer than it may", async () => {
  const waited = within(60_000, new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(waited).resolves.toBeUndefined();
});
