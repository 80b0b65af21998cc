import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createOldestPending } from "./oldest-pending.ts";

const minute = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 100 * minute });
});
afterEach(() => {
  vi.useRealTimers();
});

const ago = (ms: number): Date => new Date(Date.now() - ms);

/** Logs in streams: when the oldest event of each came in, by the tenant's number, in the order in which PostgreSQL names them. */
function logsOf(rare: number) {
  const at = new Map(Array.from({ length: rare }, (_, tenantNo): [number, Date] => [tenantNo, ago(100)]));
  const asked: number[] = [];
  let underWay = 0;
  const oldestPendingAt = createOldestPending({
    look: () => Promise.resolve({ oldestAt: undefined, elsewhere: [...at.keys()] }),
    async ask(tenantNo) {
      expect(++underWay).toBe(1);
      asked.push(tenantNo);
      await Promise.resolve();
      underWay--;
      return at.get(tenantNo);
    },
    asksMax: 10,
  });
  return { at, asked, oldestPendingAt };
}

test("a log that stands still is found behind any number of others, and from then on asked for first", async () => {
  const { at, asked, oldestPendingAt } = logsOf(25);
  const stuckAt = ago(20 * minute);
  at.set(100, stuckAt);
  for (let round = 1; round <= 3; round++) {
    vi.setSystemTime(Date.now() + 15_000);
    const oldest = await oldestPendingAt();
    if (round === 3) expect(oldest).toEqual(stuckAt);
  }
  // No question came twice before everybody's had come.
  expect(new Set(asked.slice(0, 26)).size).toBe(26);
  for (let round = 1; round <= 3; round++) {
    vi.setSystemTime(Date.now() + 15_000);
    at.clear();
    // Others each time, who wait since a moment ago and are named first.
    for (let tenantNo = 0; tenantNo < 25; tenantNo++) at.set(1_000 * round + tenantNo, ago(100));
    at.set(100, stuckAt);
    asked.length = 0;
    expect(await oldestPendingAt()).toEqual(stuckAt);
    expect(asked).toEqual([100]);
  }
});

test("a log that is read on, but from far behind, is asked for before those that began to wait since", async () => {
  const { at, asked, oldestPendingAt } = logsOf(5);
  at.set(100, ago(60 * minute));
  await oldestPendingAt();
  vi.setSystemTime(Date.now() + 15_000);
  for (let tenantNo = 0; tenantNo < 25; tenantNo++) at.set(1_000 + tenantNo, ago(100));
  const later = ago(59 * minute);
  at.set(100, later);
  asked.length = 0;
  expect(await oldestPendingAt()).toEqual(later);
  expect(asked[0]).toBe(100);
});

test("what PostgreSQL knows counts with what the streams say", async () => {
  const oldestAt = ago(minute);
  const answers = new Map([[2, ago(minute - 1)]]);
  const oldestPendingAt = createOldestPending({
    look: () => Promise.resolve({ oldestAt, elsewhere: [1, 2, 3] }),
    ask: (tenantNo) => Promise.resolve(answers.get(tenantNo)),
  });
  expect(await oldestPendingAt()).toEqual(oldestAt);
  answers.set(3, ago(minute + 1));
  expect(await oldestPendingAt()).toEqual(ago(minute + 1));
});

test("where one can't be asked for it fails, whatever is known of the others", async () => {
  const failure = new Error("no answer");
  const oldestPendingAt = createOldestPending({
    look: () => Promise.resolve({ oldestAt: ago(1), elsewhere: [1, 2] }),
    ask: (tenantNo) => (tenantNo === 2 ? Promise.reject(failure) : Promise.resolve(undefined)),
  });
  await expect(oldestPendingAt()).rejects.toBe(failure);
});
