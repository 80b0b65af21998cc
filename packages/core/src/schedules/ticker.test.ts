import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { MillraceError } from "@millrace/contract";
import type { DueSchedules, Firing } from "@millrace/storage";
import { silentLogger } from "@millrace/telemetry";

import { type Ticker, type TickerOptions, createTicker } from "./ticker.ts";

let ticker: Ticker | undefined;
let rounds = 0;
let change: () => void = () => undefined;

beforeEach(() => {
  vi.useFakeTimers();
  rounds = 0;
});
afterEach(async () => {
  await ticker?.stop();
  vi.useRealTimers();
});

const nothing: Omit<DueSchedules, "now"> = { due: [], nextDueInMs: null };

/** Starts a ticker over what `due` answers, and lets its first round pass. */
async function start(
  due: () => Omit<DueSchedules, "now"> | Promise<never>,
  options: Partial<TickerOptions> & { readonly fire?: (firing: Firing) => readonly string[] | undefined } = {},
): Promise<void> {
  ticker = createTicker({
    schedules: {
      dueSchedules: async () => {
        rounds++;
        return { now: new Date(), ...(await due()) };
      },
      fireSchedule: async (firing) => (options.fire === undefined ? [] : options.fire(firing)),
      postponeSchedule: async () => undefined,
      pauseSchedule: async () => undefined,
      watchSchedules: async (onChange) => {
        change = onChange;
        return { close: async () => undefined };
      },
    },
    logger: silentLogger,
    ...options,
  });
  await vi.advanceTimersByTimeAsync(0);
}

const dueNow = () => ({
  tenantId: "t",
  name: "s",
  cron: "* * * * * *",
  timeZone: "UTC",
  misfirePolicy: "once" as const,
  queue: "q",
  revision: "r",
  nextAt: new Date(Math.floor(Date.now() / 1_000) * 1_000),
});

describe("a ticker", () => {
  test("sleeps until the next tick is due", async () => {
    await start(() => ({ due: [], nextDueInMs: 400.2 }));
    await vi.advanceTimersByTimeAsync(400);
    expect(rounds).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(rounds).toBe(2);
  });

  test("looks again within two seconds when nothing is due, in case nobody told it of a schedule", async () => {
    await start(() => nothing);
    await vi.advanceTimersByTimeAsync(999);
    expect(rounds).toBe(1);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(rounds).toBe(2);
  });

  test("looks at once when it is told that a schedule has changed", async () => {
    await start(() => nothing);
    change();
    await vi.advanceTimersByTimeAsync(0);
    expect(rounds).toBe(2);
    ticker?.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(rounds).toBe(3);
  });

  test("comes back for the tick after the one that it has fired, and soon when another was faster", async () => {
    vi.setSystemTime("2026-06-01T00:00:00.004Z");
    let won = true;
    const fired: Firing[] = [];
    await start(() => ({ due: rounds <= 2 ? [dueNow()] : [], nextDueInMs: null }), {
      fire: (firing) => (fired.push(firing), won ? ["id"] : undefined),
    });
    expect(fired[0]).toMatchObject({
      ticks: [new Date("2026-06-01T00:00:00Z")],
      nextAt: new Date("2026-06-01T00:00:01Z"),
    });
    won = false;
    await vi.advanceTimersByTimeAsync(995);
    expect(rounds).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(rounds).toBe(2);
    await vi.advanceTimersByTimeAsync(50);
    expect(rounds).toBe(3);
  });

  test("goes on at once when more is due than a round takes", async () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => ({ ...dueNow(), name: `s-${i}` }));
    await start(() => ({ due: rounds < 3 ? many(100) : [], nextDueInMs: 60_000 }));
    await vi.advanceTimersByTimeAsync(10);
    expect(rounds).toBe(3);
  });

  test("tells of an outage and of its end, and survives it", async () => {
    let away = true;
    const told: string[] = [];
    await start(() => (away ? Promise.reject(new MillraceError("UNAVAILABLE", "away")) : nothing), {
      onFailure: () => told.push("failed"),
      onSuccess: () => told.push("went well"),
    });
    expect(told).toEqual(["failed"]);
    away = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(["failed", "went well"]);
  });

  test("does nothing more once it is stopped", async () => {
    await start(() => nothing);
    await ticker?.stop();
    change();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rounds).toBe(1);
  });
});
