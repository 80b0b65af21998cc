import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createWakeups, decodeWakeup, encodeWakeup, wantsAdmission } from "./wakeup.ts";

describe("wake-ups", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("send the first at once, gather the rest, and send them at the end of the interval", () => {
    const sent: string[] = [];
    const wakeups = createWakeups((payload) => Promise.resolve(sent.push(payload)), 5);
    expect(decodeWakeup(wakeups.lead([["acme", "a"]]) ?? "")).toEqual([["acme", "a"]]);
    expect(wakeups.lead([["acme", "a"]])).toBeNull();
    wakeups.trail([["acme", "a"]]);
    wakeups.trail([
      ["acme", "b"],
      ["acme", "a"],
    ]);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(5);
    expect(sent.map(decodeWakeup)).toEqual([
      [
        ["acme", "a"],
        ["acme", "b"],
      ],
    ]);
    expect(wakeups.lead([["acme", "c"]])).toBeNull();
    wakeups.trail([["acme", "c"]]);
    vi.advanceTimersByTime(5);
    expect(sent).toHaveLength(2);
    vi.advanceTimersByTime(5);
    expect(wakeups.lead([["acme", "d"]])).not.toBeNull();
    expect(sent).toHaveLength(2);
  });

  it("announce what was committed after the interval at once, and never before it is committed", () => {
    const sent: string[] = [];
    const wakeups = createWakeups((payload) => Promise.resolve(sent.push(payload)), 5);
    wakeups.lead([["acme", "a"]]);
    expect(wakeups.lead([["acme", "slow"]])).toBeNull();
    vi.advanceTimersByTime(50);
    expect(sent).toEqual([]);
    wakeups.trail([["acme", "slow"]]);
    vi.advanceTimersByTime(0);
    expect(sent.map(decodeWakeup)).toEqual([[["acme", "slow"]]]);
  });

  it("survive a notification that can't be sent, and stop when closed", async () => {
    const wakeups = createWakeups(() => Promise.reject(new Error("down")), 5);
    wakeups.lead([["acme", "a"]]);
    wakeups.trail([["acme", "a"]]);
    await vi.advanceTimersByTimeAsync(20);
    wakeups.close();
    expect(wakeups.lead([["acme", "a"]])).toBeNull();
    wakeups.trail([["acme", "a"]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("mean any queue when there are too many to name, or the payload is not ours", () => {
    const many = Array.from({ length: 2_000 }, (_, n) => ["tenant", `queue-${n}`] as const);
    expect(encodeWakeup(many)).toBe("");
    expect(decodeWakeup("")).toBeUndefined();
    expect(decodeWakeup("{")).toBeUndefined();
    expect(decodeWakeup("{}")).toBeUndefined();
  });

  it("ask for admission when they say look everywhere, or that a lane has held jobs", () => {
    expect(wantsAdmission("")).toBe(true);
    expect(
      wantsAdmission(
        encodeWakeup([
          ["acme", "a"],
          ["acme", "b", "held"],
        ]),
      ),
    ).toBe(true);
    expect(wantsAdmission(encodeWakeup([["acme", "held"]]))).toBe(false);
    expect(wantsAdmission("not a wake-up")).toBe(false);
  });
});
