import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createWakeups, decodeWakeup, encodeWakeup } from "./wakeup.ts";

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
    expect(
      wakeups.lead([
        ["acme", "b"],
        ["acme", "a"],
      ]),
    ).toBeNull();
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(5);
    expect(sent.map(decodeWakeup)).toEqual([
      [
        ["acme", "a"],
        ["acme", "b"],
      ],
    ]);
    expect(wakeups.lead([["acme", "c"]])).toBeNull();
    vi.advanceTimersByTime(5);
    expect(sent).toHaveLength(2);
    vi.advanceTimersByTime(5);
    expect(wakeups.lead([["acme", "d"]])).not.toBeNull();
    expect(sent).toHaveLength(2);
  });

  it("survive a notification that can't be sent, and stop when closed", async () => {
    const wakeups = createWakeups(() => Promise.reject(new Error("down")), 5);
    wakeups.lead([["acme", "a"]]);
    wakeups.lead([["acme", "a"]]);
    await vi.advanceTimersByTimeAsync(20);
    wakeups.close();
    expect(wakeups.lead([["acme", "a"]])).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("mean any queue when there are too many to name, or the payload is not ours", () => {
    const many = Array.from({ length: 2_000 }, (_, n) => ["tenant", `queue-${n}`] as const);
    expect(encodeWakeup(many)).toBe("");
    expect(decodeWakeup("")).toBeUndefined();
    expect(decodeWakeup("{")).toBeUndefined();
    expect(decodeWakeup("{}")).toBeUndefined();
  });
});
