import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Database } from "../database.ts";
import { createPostgresJobStore } from "../jobs/postgres-job-store.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { createPostgresScheduleStore } from "./postgres-schedule-store.ts";
import type { DueSchedule, Firing, NewSchedule, Schedule, ScheduleStore } from "./schedule-store.ts";

let fixture: TestDatabase;
let db: Database;
let schedules: ScheduleStore;

beforeAll(async () => {
  fixture = await testDatabase();
  db = fixture.database;
  schedules = createPostgresScheduleStore(db);
});
afterAll(() => fixture.close());

const past = new Date("2026-01-01T00:00:00Z");
const future = new Date("2999-01-01T00:00:00Z");
let made = 0;

function newSchedule(more: Partial<NewSchedule> = {}): NewSchedule {
  return {
    tenantId: "acme",
    name: `s-${++made}`,
    cron: "* * * * * *",
    timeZone: "UTC",
    misfirePolicy: "once",
    paused: false,
    queue: "q",
    type: "t",
    job: { payload: { a: [1, "ü"] }, priority: 3, maxAttempts: 7, tags: ["x"] },
    nextAt: past,
    ...more,
  };
}

async function make(more: Partial<NewSchedule> = {}): Promise<Schedule> {
  const schedule = await schedules.createSchedule(newSchedule(more));
  if (schedule === undefined) throw new Error("the name is taken");
  return schedule;
}

/** As a scheduler reads it. */
async function read(schedule: Schedule): Promise<DueSchedule> {
  const { due } = await schedules.dueSchedules(1_000);
  const found = due.find(({ tenantId, name }) => tenantId === schedule.tenantId && name === schedule.name);
  if (found === undefined) throw new Error("not due");
  return found;
}

const firing = (schedule: DueSchedule, more: Partial<Firing> = {}): Firing => ({
  schedule,
  ticks: [schedule.nextAt],
  nextAt: future,
  decidedAt: new Date(),
  validMs: 60_000,
  ...more,
});

async function jobsOf({ tenantId, name }: Schedule) {
  const store = createPostgresJobStore(db);
  const { jobs } = await store.listJobs({ tenantId, tag: `schedule:${name}`, limit: 500 });
  await store.close();
  return jobs;
}

const found = async ({ tenantId, name }: Schedule) => (await schedules.findSchedule({ tenantId, name })).schedule;

describe("a schedule", () => {
  test("is kept as it was given, for its tenant only", async () => {
    const job = {
      payload: { text: 'ü"\\', n: 1.5 },
      priority: -2,
      maxAttempts: 3,
      retry: { kind: "fixed", delayMs: 5 },
      timeoutMs: 9,
      concurrencyKey: "k",
      tags: ["a,b", '"'],
    } as const;
    const given = newSchedule({
      cron: "0 0 * * *",
      timeZone: "Europe/Berlin",
      misfirePolicy: "all",
      job,
      nextAt: future,
    });
    const schedule = await schedules.createSchedule(given);
    expect(schedule).toMatchObject({ ...given, lastAt: null, lastJobId: null, lastError: null });
    expect(await found(schedule!)).toEqual(schedule);
    expect((await schedules.findSchedule({ tenantId: "other", name: given.name })).schedule).toBeUndefined();
  });

  test("has a name that no other takes, also when both come at the same time", async () => {
    const given = newSchedule();
    const answers = await Promise.all(Array.from({ length: 5 }, () => schedules.createSchedule(given)));
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
    expect(await schedules.createSchedule({ ...given, tenantId: "other" })).toBeDefined();
  });

  test("is deleted for its tenant and the queues it may be seen from, and nothing fires after", async () => {
    const schedule = await make();
    const due = await read(schedule);
    expect(await schedules.deleteSchedule({ tenantId: "other", name: schedule.name })).toBe(false);
    expect(await schedules.deleteSchedule(schedule, ["elsewhere"])).toBe(false);
    expect(await schedules.deleteSchedule(schedule, ["q"])).toBe(true);
    expect(await schedules.fireSchedule(firing(due))).toBeUndefined();
    expect(await jobsOf(schedule)).toEqual([]);
  });

  test("is listed by name, each once, page by page, by queue", async () => {
    const names = ["b", "a", "C", "a/b", "a.b"];
    for (const name of names) await make({ tenantId: "lists", name, queue: name === "b" ? "other" : "q" });
    const seen: string[] = [];
    let afterName: string | undefined;
    do {
      const page = await schedules.listSchedules({ tenantId: "lists", limit: 2, afterName });
      seen.push(...page.schedules.map(({ name }) => name));
      afterName = page.nextAfterName ?? undefined;
    } while (afterName !== undefined);
    expect(seen.toSorted()).toEqual(names.toSorted());
    const { schedules: some } = await schedules.listSchedules({ tenantId: "lists", limit: 10, queues: ["other"] });
    expect(some.map(({ name }) => name)).toEqual(["b"]);
  });

  test("tells of its making and of its changes", async () => {
    let told = 0;
    const watching = await schedules.watchSchedules(() => told++);
    const schedule = await make({ nextAt: future });
    await expect.poll(() => told).toBe(1);
    await schedules.replaceSchedule(schedule, { ...schedule, cron: "0 0 * * *" });
    await expect.poll(() => told).toBe(2);
    await watching.close();
  });
});

describe("what is due", () => {
  test("is what is not paused and not in the future, most overdue first, and when the next one is", async () => {
    const own = await testDatabase();
    const store = createPostgresScheduleStore(own.database);
    const later = new Date(past.getTime() + 1_000);
    await store.createSchedule(newSchedule({ name: "later", nextAt: later }));
    await store.createSchedule(newSchedule({ name: "first", nextAt: past }));
    await store.createSchedule(newSchedule({ name: "paused", paused: true, nextAt: null }));
    expect((await store.dueSchedules(10)).nextDueInMs).toBeNull();
    await store.createSchedule(newSchedule({ name: "future", nextAt: new Date(Date.now() + 3_600_000) }));
    const { due, now, nextDueInMs } = await store.dueSchedules(10);
    expect(due.map(({ name, nextAt }) => [name, nextAt])).toEqual([
      ["first", past],
      ["later", later],
    ]);
    expect(now > later).toBe(true);
    expect(nextDueInMs).toBeGreaterThan(3_000_000);
    expect(nextDueInMs).toBeLessThanOrEqual(3_610_000);
    expect((await store.dueSchedules(1)).due).toHaveLength(1);
    await own.close();
  });
});

describe("a tick", () => {
  test("enqueues the job as the schedule says it, due at the tick's time and tagged with the schedule's name", async () => {
    const job = {
      payload: { text: "ü" },
      priority: 5,
      maxAttempts: 3,
      retry: { kind: "fixed", delayMs: 5 },
      timeoutMs: 9,
      concurrencyKey: "k",
      tags: ["a"],
    } as const;
    const schedule = await make({ job });
    const ticks = [past, new Date(past.getTime() + 1_000)];
    const ids = await schedules.fireSchedule(firing(await read(schedule), { ticks }));
    const jobs = (await jobsOf(schedule)).toReversed();
    expect(jobs.map(({ id }) => id)).toEqual(ids);
    expect(jobs.map(({ scheduledAt }) => scheduledAt)).toEqual(ticks);
    expect(jobs[0]).toMatchObject({
      ...job,
      queue: "q",
      type: "t",
      status: "pending",
      tags: ["a", `schedule:${schedule.name}`],
    });
    expect(await found(schedule)).toEqual({ ...schedule, nextAt: future, lastAt: ticks[1], lastJobId: ids?.[1] });
  });

  test("that is passed over moves the schedule on, says why, and keeps what the last one did", async () => {
    const schedule = await make();
    const [id] =
      (await schedules.fireSchedule(firing(await read(schedule), { nextAt: new Date(past.getTime() + 1) }))) ?? [];
    expect(await schedules.fireSchedule(firing(await read(schedule), { ticks: [], error: "no room" }))).toEqual([]);
    expect(await found(schedule)).toMatchObject({ nextAt: future, lastAt: past, lastJobId: id, lastError: "no room" });
    expect(await jobsOf(schedule)).toHaveLength(1);
  });

  test("is fired by one of many who have read it, whoever comes first", async () => {
    const schedule = await make();
    const due = await read(schedule);
    const answers = await Promise.all(Array.from({ length: 20 }, () => schedules.fireSchedule(firing(due))));
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
    expect(await schedules.fireSchedule(firing(due))).toBeUndefined();
    expect(await jobsOf(schedule)).toHaveLength(1);
  });

  test("is not fired by who read the schedule before it was changed, also if the tick is the same again", async () => {
    const schedule = await make();
    const due = await read(schedule);
    const changed = await schedules.replaceSchedule(schedule, {
      ...schedule,
      job: { ...schedule.job, payload: "new" },
    });
    expect(changed).toMatchObject({ nextAt: past });
    expect(await schedules.fireSchedule(firing(due))).toBeUndefined();
    expect(await schedules.fireSchedule(firing(await read(schedule)))).toHaveLength(1);
    expect((await jobsOf(schedule)).map(({ payload }) => payload)).toEqual(["new"]);
  });

  test("is not fired by who read a schedule of this name that was deleted since", async () => {
    const schedule = await make();
    const due = await read(schedule);
    await schedules.deleteSchedule(schedule);
    await make({ name: schedule.name });
    expect(await schedules.fireSchedule(firing(due))).toBeUndefined();
  });

  test("is not fired by a decision that is too old: its judgement of what is late no longer holds", async () => {
    const schedule = await make();
    const due = await read(schedule);
    const old = firing(due, { decidedAt: new Date(Date.now() - 61_000) });
    expect(await schedules.fireSchedule(old)).toBeUndefined();
    expect(await schedules.fireSchedule(firing(due))).toHaveLength(1);
  });

  test("waits for nobody who holds the schedule, and stays due when they let go", async () => {
    const schedule = await make();
    const due = await read(schedule);
    await db.withTransaction(async (tx) => {
      await tx.query({ name: "lock", text: "select from millrace.schedules where name = $1 for update" }, [
        schedule.name,
      ]);
      expect(await schedules.fireSchedule(firing(due))).toBeUndefined();
    });
    expect(await schedules.fireSchedule(firing(due))).toHaveLength(1);
  });

  test("whose job is refused leaves the schedule as it was, and says why", async () => {
    const schedule = await make({ type: "no spaces" });
    await expect(schedules.fireSchedule(firing(await read(schedule)))).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      message: expect.stringContaining("type is 1 to 128 letters"),
    });
    expect(await found(schedule)).toEqual(schedule);
    expect(await jobsOf(schedule)).toEqual([]);
  });

  test("whose queue is full stays due, and can be put off", async () => {
    const schedule = await make({ queue: "full" });
    const settings = "insert into millrace.queue_settings (tenant_id, queue, max_depth) values ('acme', 'full', 0)";
    await db.query({ name: "fill", text: settings });
    const due = await read(schedule);
    await expect(schedules.fireSchedule(firing(due))).rejects.toMatchObject({
      code: "QUEUE_FULL",
      message: expect.stringContaining("'full' is full"),
    });
    await schedules.postponeSchedule(due, 60_000, "full");
    await expect(read(schedule)).rejects.toThrow("not due");
    expect(await found(schedule)).toEqual({ ...schedule, lastError: "full" });
    const changed = await schedules.replaceSchedule(schedule, { ...schedule, queue: "q" });
    expect(changed).toMatchObject({ lastError: null });
    expect(await schedules.fireSchedule(firing(await read(schedule)))).toHaveLength(1);
  });
});

describe("a change", () => {
  test("is refused to who read the schedule before a tick or another change", async () => {
    const schedule = await make();
    await schedules.fireSchedule(firing(await read(schedule)));
    expect(await schedules.replaceSchedule(schedule, schedule)).toBeUndefined();
    const now = await found(schedule);
    const [first, second] = await Promise.all([
      schedules.replaceSchedule(now!, { ...schedule, cron: "1 * * * *" }),
      schedules.replaceSchedule(now!, { ...schedule, cron: "2 * * * *" }),
    ]);
    expect([first, second].filter((answer) => answer !== undefined)).toHaveLength(1);
  });

  test("forgets the last error and keeps what ran", async () => {
    const schedule = await make();
    const ids = await schedules.fireSchedule(firing(await read(schedule), { error: "once" }));
    const changed = await schedules.replaceSchedule((await found(schedule))!, {
      ...schedule,
      paused: true,
      nextAt: null,
    });
    expect(changed).toMatchObject({ paused: true, nextAt: null, lastError: null, lastAt: past, lastJobId: ids?.[0] });
    expect(changed?.revision).not.toBe(schedule.revision);
  });

  test("pauses a schedule that can't go on, unless it was mended meanwhile", async () => {
    const schedule = await make();
    const due = await read(schedule);
    await schedules.pauseSchedule(due, "no such zone");
    const paused = await found(schedule);
    expect(paused).toMatchObject({ paused: true, nextAt: null, lastError: "no such zone" });
    const mended = await schedules.replaceSchedule(paused!, schedule);
    await schedules.pauseSchedule(due, "no such zone");
    expect(await found(schedule)).toEqual(mended);
  });
});
