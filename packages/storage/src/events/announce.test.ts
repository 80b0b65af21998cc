import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Executor } from "../executor.ts";
import { createAnnouncer } from "./announce.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Keeps which tenants were named in each statement. */
function recorder(): { readonly db: Executor; readonly sent: unknown[] } {
  const sent: unknown[] = [];
  return {
    sent,
    db: {
      query: (_, parameters) => {
        sent.push(parameters?.[0]);
        return Promise.reject(new Error("nobody waits for a hint"));
      },
    },
  };
}

test("the first publish is announced at once, what follows together at the end of the interval", async () => {
  const { db, sent } = recorder();
  const announcer = createAnnouncer(db, 5);
  announcer.announce(1);
  expect(sent).toEqual([[1]]);
  for (const tenantNo of [1, 2, 2, 3]) announcer.announce(tenantNo);
  expect(sent).toEqual([[1]]);
  await vi.advanceTimersByTimeAsync(5);
  expect(sent).toEqual([[1], [1, 2, 3]]);
  await vi.advanceTimersByTimeAsync(50);
  announcer.announce(4);
  expect(sent).toEqual([[1], [1, 2, 3], [4]]);
});

test("nothing is announced once it is closed", async () => {
  const { db, sent } = recorder();
  const announcer = createAnnouncer(db, 5);
  announcer.announce(1);
  announcer.announce(2);
  announcer.close();
  announcer.announce(3);
  await vi.advanceTimersByTimeAsync(50);
  expect(sent).toEqual([[1]]);
});
