import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type MisfirePolicy, misfirePolicies } from "@millrace/contract";

import { readCron } from "./cron.ts";
import { planTicks } from "./plan-ticks.ts";

const graceMs = 5_000;
const daily = "0 2 * * *";
const second = "* * * * * *";

function plan(cron: string, policy: MisfirePolicy, nextAt: string, now: string, ticksMax = 1_000) {
  const times = readCron(cron, "UTC");
  const found = planTicks({ times, policy, nextAt: new Date(nextAt), now: new Date(now), graceMs, ticksMax });
  return { ticks: found.ticks.map((at) => at.toISOString()), nextAt: found.nextAt?.toISOString() };
}

describe("a tick that is found in time", () => {
  test.for(misfirePolicies)("fires, whatever the policy: %s", (policy) => {
    expect(plan(daily, policy, "2026-06-01T02:00:00.000Z", "2026-06-01T02:00:00.004Z")).toEqual({
      ticks: ["2026-06-01T02:00:00.000Z"],
      nextAt: "2026-06-02T02:00:00.000Z",
    });
    const atTheLimit = plan(daily, policy, "2026-06-01T02:00:00.000Z", "2026-06-01T02:00:05.000Z");
    expect(atTheLimit.ticks).toEqual(["2026-06-01T02:00:00.000Z"]);
  });

  test.for(misfirePolicies)("fires by itself after a short stall: %s", (policy) => {
    const { ticks, nextAt } = plan(second, policy, "2026-06-01T02:00:00.000Z", "2026-06-01T02:00:03.500Z");
    expect(ticks.map((at) => at.slice(17, 19))).toEqual(["00", "01", "02", "03"]);
    expect(nextAt).toBe("2026-06-01T02:00:04.000Z");
  });
});

describe("ticks that are found late", () => {
  const threeDays = ["2026-06-01T02:00:00.000Z", "2026-06-03T12:00:00.000Z"] as const;
  const nextAt = "2026-06-04T02:00:00.000Z";

  test("are forgotten by skip", () => {
    expect(plan(daily, "skip", ...threeDays)).toEqual({ ticks: [], nextAt });
  });

  test("are one job by once, that of the last one", () => {
    expect(plan(daily, "once", ...threeDays)).toEqual({ ticks: ["2026-06-03T02:00:00.000Z"], nextAt });
  });

  test("are a job each by all", () => {
    expect(plan(daily, "all", ...threeDays).ticks).toEqual([
      "2026-06-01T02:00:00.000Z",
      "2026-06-02T02:00:00.000Z",
      "2026-06-03T02:00:00.000Z",
    ]);
  });

  test("are caught up with by all in bounded steps, none twice and none left out", () => {
    const seen: string[] = [];
    let at = "2026-06-01T00:00:00.000Z";
    const now = "2026-06-01T00:00:24.999Z";
    for (let round = 0; at <= now; round++) {
      expect(round).toBeLessThan(4);
      const { ticks, nextAt: next } = plan(second, "all", at, now, 10);
      seen.push(...ticks);
      at = next ?? "never";
    }
    expect(seen.map((tick) => Number(tick.slice(17, 19)))).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(at).toBe("2026-06-01T00:00:25.000Z");
  });

  test("leave those that are in time alone", () => {
    const stalled = ["2026-06-01T02:00:00.000Z", "2026-06-01T02:00:20.000Z"] as const;
    const seconds = (policy: MisfirePolicy) =>
      plan(second, policy, ...stalled).ticks.map((at) => Number(at.slice(17, 19)));
    expect(seconds("skip")).toEqual([15, 16, 17, 18, 19, 20]);
    expect(seconds("once")).toEqual([14, 15, 16, 17, 18, 19, 20]);
    expect(seconds("all")).toHaveLength(21);
  });

  test("of a year cost no more than one: every second, skip and once", () => {
    const aYear = ["2025-06-01T00:00:00.000Z", "2026-06-01T00:00:00.500Z"] as const;
    expect(plan(second, "skip", ...aYear).ticks).toHaveLength(5);
    expect(plan(second, "once", ...aYear).ticks).toHaveLength(6);
  });
});

test(
  "a plan goes on where the last one ended: the due tick is never fired twice, never forgotten when in time",
  { timeout: 60_000 },
  () => {
    const base = new Date("2026-03-29T00:30:00Z").getTime();
    fc.assert(
      fc.property(
        fc.constantFrom("* * * * * *", "*/7 * * * * *", "0 */2 * * * *", "30 2 * * *"),
        fc.constantFrom(...misfirePolicies),
        fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 20 }),
        (cron, policy, pausesMs) => {
          const times = readCron(cron, "Europe/Berlin");
          const fired: Date[] = [];
          let nowMs = base;
          let dueAt = times.after(new Date(base));
          for (const pauseMs of pausesMs) {
            nowMs += pauseMs;
            const now = new Date(nowMs);
            if (dueAt === null || dueAt > now) continue;
            const { ticks, nextAt } = planTicks({ times, policy, nextAt: dueAt, now, graceMs, ticksMax: 1_000 });
            fired.push(...ticks);
            const wanted = times.next(60, new Date(Math.max(dueAt.getTime(), nowMs - graceMs) - 1));
            const inTime = wanted.filter((at) => at <= now);
            expect(ticks.slice(ticks.length - inTime.length)).toEqual(inTime);
            expect(nextAt).toEqual(times.after(now));
            dueAt = nextAt;
          }
          expect(fired).toEqual(
            [...new Set(fired.map((at) => at.getTime()))].toSorted((a, b) => a - b).map((at) => new Date(at)),
          );
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  },
);
