import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createDatabaseClock } from "./clock.ts";
import { type Database, createDatabase, type Executor } from "./database.ts";
import { patient, type TestDatabase, testDatabase } from "./testing.ts";

let own: TestDatabase;
let db: Database;

beforeAll(async () => {
  own = await testDatabase();
  db = createDatabase({ ...patient, url: own.url });
});
afterAll(async () => {
  await db.close();
  await own.close();
});

/** Counts what is asked, and answers a time of its own after a delay of its own. */
function fakeTime() {
  let nowMs = 1_000;
  const answers = { asked: 0, takesMs: 0, aheadMs: 0 };
  const executor: Executor = {
    query: async <Row>() => {
      answers.asked++;
      const at = new Date(nowMs + answers.takesMs / 2 + answers.aheadMs);
      nowMs += answers.takesMs;
      return [{ now: at }] as Row[];
    },
  };
  const clock = createDatabaseClock(executor, () => nowMs);
  return { clock, answers, pass: (ms: number) => (nowMs += ms), now: () => nowMs };
}

/** What is measured beside the work has been taken in. */
const measured = () => new Promise((resolve) => setImmediate(resolve));

describe("the database's clock", () => {
  test("is the database's time to within the time that its answers take", async () => {
    const clock = createDatabaseClock(db);
    const startMs = performance.now();
    await clock.ready();
    const shown = clock.now().getTime();
    const [row] = await db.query<{ now: Date }>({ name: "now", text: "select clock_timestamp() as now" });
    const tookMs = performance.now() - startMs;
    expect(Math.abs((row?.now.getTime() ?? 0) - shown)).toBeLessThan(tookMs + 50);
  });

  test("follows a database that is hours ahead, and goes on with the monotonic clock", async () => {
    const { clock, answers, pass, now } = fakeTime();
    answers.aheadMs = 7_200_000;
    answers.takesMs = 20;
    await clock.ready();
    pass(500);
    expect(clock.now().getTime()).toBe(now() + 7_200_000);
  });

  test("asks once in ten seconds, however often it is read", async () => {
    const { clock, answers, pass } = fakeTime();
    for (let i = 0; i < 100; i++) await clock.ready();
    expect(answers.asked).toBe(1);
    pass(10_000);
    await Promise.all(Array.from({ length: 100 }, () => clock.ready()));
    expect(answers.asked).toBe(2);
  });

  test("keeps what it knows when an answer is slow, until that is old", async () => {
    const { clock, answers, pass, now } = fakeTime();
    await clock.ready();
    pass(10_000);
    Object.assign(answers, { takesMs: 4_000, aheadMs: 999 });
    await clock.ready();
    await measured();
    expect(clock.now().getTime()).toBe(now());
    pass(3_600_000);
    await clock.ready();
    await measured();
    expect(clock.now().getTime()).toBe(now() + 999);
  });

  test("fails where nothing is known, and goes on with what is known", async () => {
    let isDown = true;
    const executor: Executor = {
      query: (statement, parameters) => (isDown ? Promise.reject(new Error("down")) : db.query(statement, parameters)),
    };
    let nowMs = 0;
    const clock = createDatabaseClock(executor, () => nowMs);
    await expect(clock.ready()).rejects.toThrow("down");
    isDown = false;
    await clock.ready();
    isDown = true;
    nowMs += 20_000;
    await clock.ready();
    expect(clock.now()).toBeInstanceOf(Date);
  });
});
