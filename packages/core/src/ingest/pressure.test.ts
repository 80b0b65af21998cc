import { describe, expect, test } from "vitest";

import type { LogLag } from "@millrace/bus";

import { createPressure } from "./pressure.ts";

const limits = { eventsSoft: 100, eventsHard: 200, bytesSoft: 1_000, bytesHard: 2_000 };

/** A tenant's log that the test fills and empties, and a clock that it sets. */
function open() {
  let nowMs = 1_000_000;
  let lag: LogLag = {
    tenantNo: 1,
    head: 0,
    watermark: 0,
    pendingEvents: 0,
    pendingBytes: 0,
    oldestPendingAt: undefined,
    publishedAt: undefined,
  };
  let looks = 0;
  const pressure = createPressure({
    limits,
    nowMs: () => nowMs,
    lag: () => {
      looks++;
      return Promise.resolve(lag);
    },
  });
  return {
    pressure,
    looks: () => looks,
    pass: (ms: number) => (nowMs += ms),
    set: (pendingEvents: number, watermark = 0, pendingBytes = 0, head = 0) =>
      (lag = { ...lag, head, watermark, pendingEvents, pendingBytes }),
    async refused() {
      try {
        await pressure.admit(1);
        return undefined;
      } catch (error) {
        const { code, retryAfterMs } = error as { code: string; retryAfterMs: number };
        return { code, retryAfterMs };
      }
    },
  };
}

describe("pressure", () => {
  test("lets a tenant send below the soft limit, asks it to wait beyond, and refuses it past the hard one", async () => {
    for (const [events, bytes, code] of [
      [99, 999, undefined],
      [100, 0, "RATE_LIMITED"],
      [0, 1_000, "RATE_LIMITED"],
      [200, 0, "UNAVAILABLE"],
      [1, 2_000, "UNAVAILABLE"],
    ] as const) {
      const { refused, set } = open();
      set(events, 0, bytes);
      expect([events, bytes, (await refused())?.code]).toEqual([events, bytes, code]);
    }
  });

  test("looks at the log once for a thousand requests, and again a quarter of a second later", async () => {
    const { pressure, looks, pass } = open();
    await Promise.all(Array.from({ length: 1_000 }, () => pressure.admit(1)));
    pass(249);
    for (let n = 0; n < 1_000; n++) await pressure.admit(1);
    expect(looks()).toBe(1);
    pass(2);
    await pressure.admit(1);
    expect(looks()).toBe(2);
  });

  test("counts what was accepted since the last look", async () => {
    const { pressure, refused } = open();
    await pressure.admit(1);
    pressure.accepted(1, 99, 10);
    expect(await refused()).toBeUndefined();
    pressure.accepted(1, 1, 10);
    expect((await refused())?.code).toBe("RATE_LIMITED");
  });

  test("says how long it takes at the speed that was seen", async () => {
    const { refused, set, pass } = open();
    set(190, 0);
    await refused();
    pass(3_000);
    set(160, 30);
    // Ten a second, and 61 to go.
    expect(await refused()).toEqual({ code: "RATE_LIMITED", retryAfterMs: 6_100 });
  });

  test("counts offsets of a stream that others share for what they are of this tenant", async () => {
    const { refused, set, pass } = open();
    set(190, 0, 0, 1_900);
    await refused();
    pass(3_000);
    set(160, 300, 0, 1_900);
    // A hundred offsets a second of which every tenth is one of ours, and 61 to go.
    expect(await refused()).toEqual({ code: "RATE_LIMITED", retryAfterMs: 6_100 });
  });

  test("says a minute where nothing is consumed, and five seconds while it can't know", async () => {
    const { refused, set, pass } = open();
    set(150);
    expect((await refused())?.retryAfterMs).toBe(5_000);
    pass(3_000);
    expect((await refused())?.retryAfterMs).toBe(60_000);
  });

  test("lets the tenant send again once enough is consumed", async () => {
    const { refused, set, pass } = open();
    set(150);
    expect((await refused())?.code).toBe("RATE_LIMITED");
    set(50, 100);
    pass(3_000);
    expect(await refused()).toBeUndefined();
  });

  test("holds nobody back for a log that can't be looked at: writing it will tell", async () => {
    const pressure = createPressure({ limits, lag: () => Promise.reject(new Error("away")) });
    await expect(pressure.admit(1)).resolves.toBeUndefined();
  });
});
