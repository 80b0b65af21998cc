import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  type JobStore,
  type NewSchedule,
  type Schedule,
  type ScheduleStore,
  createPostgresJobStore,
  createPostgresScheduleStore,
} from "@millrace/storage";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";
import { silentLogger } from "@millrace/telemetry";

import { type Ticker, createTicker } from "./ticker.ts";

let fixture: TestDatabase;
let store: JobStore;
let schedules: ScheduleStore;
let ticker: Ticker | undefined;

beforeEach(async () => {
  fixture = await testDatabase();
  store = createPostgresJobStore(fixture.database);
  schedules = createPostgresScheduleStore(fixture.database);
});
afterEach(async () => {
  await ticker?.stop();
  ticker = undefined;
  await store.close();
  await fixture.close();
});

const dayMs = 24 * 3_600_000;

async function make(name: string, more: Partial<NewSchedule> = {}): Promise<void> {
  await schedules.createSchedule({
    tenantId: "t",
    name,
    cron: daily(1).cron,
    timeZone: "UTC",
    misfirePolicy: "once",
    paused: false,
    queue: "q",
    type: "t",
    job: { payload: {}, priority: 0, maxAttempts: 1, tags: [] },
    nextAt: new Date(),
    ...more,
  });
}

const start = () => (ticker = createTicker({ schedules, logger: silentLogger }));
const get = async (name: string) => (await schedules.findSchedule({ tenantId: "t", name })).schedule as Schedule;
const runsOf = async (name: string) =>
  (await store.listJobs({ tenantId: "t", tag: `schedule:${name}`, limit: 500 })).jobs
    .map(({ scheduledAt }) => scheduledAt.getTime())
    .toReversed();
const isAhead = (name: string) =>
  expect
    .poll(async () => ((await get(name)).nextAt?.getTime() ?? 0) > Date.now() - 60_000, { timeout: 20_000 })
    .toBe(true);

/** A daily expression whose ticks are half a day from now, and its last `count` ones. */
function daily(count: number): { readonly cron: string; readonly last: readonly number[] } {
  const now = new Date();
  const hour = (now.getUTCHours() + 12) % 24;
  const tick = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), hour);
  const newest = tick < now.getTime() ? tick : tick - dayMs;
  return { cron: `0 ${hour} * * *`, last: Array.from({ length: count }, (_, i) => newest - (count - 1 - i) * dayMs) };
}

describe("ticks that no scheduler was up for", () => {
  test("are forgotten by skip, one job by once, a job each by all; all go on with the next tick", async () => {
    const { cron, last } = daily(3);
    for (const misfirePolicy of ["skip", "once", "all"] as const) {
      await make(misfirePolicy, { cron, misfirePolicy, nextAt: new Date(last[0] ?? 0) });
    }
    start();
    for (const name of ["skip", "once", "all"]) await isAhead(name);
    expect(await runsOf("skip")).toEqual([]);
    expect(await runsOf("once")).toEqual(last.slice(-1));
    expect(await runsOf("all")).toEqual(last);
  });

  test("are caught up with round by round when they are more than one round may fire", async () => {
    const first = Math.floor(Date.now() / 1_000) * 1_000 - 1_500_000;
    await make("all", { cron: "* * * * * *", misfirePolicy: "all", nextAt: new Date(first) });
    start();
    await isAhead("all");
    const count = await fixture.database.query<{ n: number; apart: number }>({
      name: "count",
      text: "select count(distinct scheduled_at)::integer as n, extract(epoch from max(scheduled_at) - min(scheduled_at))::integer as apart from millrace.jobs",
    });
    expect(count[0]?.n).toBeGreaterThanOrEqual(1_440);
    expect(count[0]?.n).toBe((count[0]?.apart ?? 0) + 1);
  });
});

describe("a schedule that can't go on", () => {
  test("is paused with the reason, and the others fire", async () => {
    await make("lost-zone", { timeZone: "Mars/Base" });
    await make("lost-cron", { cron: "not cron" });
    await make("fine");
    start();
    await expect.poll(async () => (await runsOf("fine")).length).toBe(1);
    await expect.poll(async () => (await get("lost-zone")).paused).toBe(true);
    await expect.poll(async () => (await get("lost-cron")).paused).toBe(true);
    expect(await get("lost-zone")).toMatchObject({ nextAt: null, lastError: expect.stringContaining("Mars/Base") });
    expect(await get("lost-cron")).toMatchObject({ nextAt: null, lastError: expect.stringContaining("fields") });
  });
});

describe("a job that is refused", () => {
  test("costs its tick, which the schedule tells; the next tick is tried, and the others fire", async () => {
    await make("refused", { type: "not a type" });
    await make("fine");
    start();
    await expect.poll(async () => (await runsOf("fine")).length).toBe(1);
    await expect.poll(async () => (await get("refused")).lastError).not.toBeNull();
    const refused = await get("refused");
    expect(refused).toMatchObject({ paused: false, lastAt: null });
    expect(refused.nextAt?.getTime()).toBeGreaterThan(Date.now());
  });
});

describe("a full queue", () => {
  test("puts ticks off, of which those fire that there is room for; the policy decides about those that are late by then", async () => {
    const { query } = fixture.database;
    const depth = (max: number) =>
      query({
        name: "depth",
        text: `insert into millrace.queue_settings (tenant_id, queue, max_depth) values ('t', 'full', ${max})
on conflict (tenant_id, queue) do update set max_depth = excluded.max_depth`,
      });
    const { cron, last } = daily(4);
    await depth(2);
    await make("all", { cron, misfirePolicy: "all", queue: "full", nextAt: new Date(last[0] ?? 0) });
    await make("fine");
    start();
    await expect.poll(async () => (await get("all")).lastError).toContain("full");
    expect(await runsOf("all")).toEqual(last.slice(0, 2));
    expect((await get("all")).nextAt?.getTime()).toBe(last[2]);
    await expect.poll(async () => (await runsOf("fine")).length).toBe(1);
    await depth(10);
    await isAhead("all");
    expect(await runsOf("all")).toEqual(last);
    expect((await get("all")).lastError).toBeNull();
  });
});

test("a schedule that is made while the ticker sleeps fires from its first tick on", async () => {
  start();
  const first = new Date(Math.ceil(Date.now() / 1_000) * 1_000);
  // Whatever the machine is busy with, no tick may be left out.
  await make("new", { cron: "* * * * * *", misfirePolicy: "all", nextAt: first });
  await expect.poll(async () => (await runsOf("new")).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  expect((await runsOf("new")).slice(0, 3)).toEqual([0, 1_000, 2_000].map((ms) => first.getTime() + ms));
});
