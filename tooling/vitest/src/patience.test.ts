import { expect, test, vi } from "vitest";

/** Comes after more than the second that Vitest waits by itself. */
function late(): () => boolean {
  const comesAtMs = performance.now() + 1_100;
  return () => performance.now() >= comesAtMs;
}

test("what comes after more than a second is waited for", async () => {
  const hasCome = late();
  await vi.waitFor(() => expect(hasCome()).toBe(true));
  await vi.waitUntil(late());
});

test("so is what is polled", async () => {
  await expect.poll(late()).toBe(true);
});

test("a call's own time is shorter where it says so", async () => {
  await expect(vi.waitFor(() => expect.fail("never"), 1)).rejects.toThrow("never");
  await expect(vi.waitFor(() => expect.fail("never"), { timeout: 1 })).rejects.toThrow("never");
});
