import { afterAll, beforeEach, expect, it } from "vitest";

import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { makeLog, newEvent } from "./events.test.support.ts";
import { publishEvents } from "./publish.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { keyWindowMs } from "./upkeep.ts";

let test: TestDatabase;
let tenantNo: number;
beforeEach(async () => {
  await test?.close();
  test = await testDatabase({
    database: { poolMax: 12, lockTimeoutMs: 20_000, statementTimeoutMs: 20_000, acquireTimeoutMs: 20_000 },
  });
  tenantNo = await makeLog(test.database);
});
afterAll(() => test.close());

const day = 24 * 60 * 60 * 1_000;

/** Lets so much time have passed for the generations of keys. */
async function pass(ms: number): Promise<void> {
  await test.database.query(
    {
      name: "pass",
      text: "update millrace.event_key_generations set opened_at = opened_at - $1::float8 * interval '1 millisecond'",
    },
    [ms],
  );
}

async function generations(): Promise<readonly number[]> {
  const rows = await test.database.query<{ generation: number }>({
    name: "generations",
    text: "select generation from millrace.event_key_generations order by generation",
  });
  return rows.map(({ generation }) => generation);
}

it("a key is known for the whole window, and forgotten with its generation after it", async () => {
  const { database: db } = test;
  const [first] = await publishEvents(db, tenantNo, [newEvent("a")]);
  for (let passedMs = 0; passedMs < keyWindowMs; passedMs += day) {
    await rotateKeys(db, keyWindowMs);
    const [again] = await publishEvents(db, tenantNo, [newEvent("a")]);
    expect(again).toEqual({ ...first, outcome: "duplicate" });
    await publishEvents(db, tenantNo, [newEvent(`of ${passedMs}`)]);
    await pass(day);
  }
  expect((await generations()).length).toBeGreaterThan(2);
  for (let passedMs = 0; passedMs < keyWindowMs; passedMs += day) {
    await pass(day);
    await rotateKeys(db, keyWindowMs);
  }
  expect((await publishEvents(db, tenantNo, [newEvent("a")]))[0]?.outcome).toBe("accepted");
  // What remains covers the window and the one that is written to.
  expect((await generations()).length).toBeLessThanOrEqual(5);
});

it("of many that rotate at once one begins a generation, and nobody fails", async () => {
  const { database: db } = test;
  await pass(3 * day);
  await Promise.all(Array.from({ length: 8 }, () => rotateKeys(db, keyWindowMs)));
  expect(await generations()).toEqual([1, 2]);
});

it("no generation begins while a publish is under way; it begins at a later call", async () => {
  const { database: db } = test;
  await pass(3 * day);
  await db.withTransaction(async (tx) => {
    await publishEvents(tx, tenantNo, [newEvent("a")]);
    expect(await rotateKeys(db, keyWindowMs)).toEqual([]);
  });
  expect(await rotateKeys(db, keyWindowMs)).toEqual(["begun", "made"]);
});

it("no key is accepted twice while generations rotate under many publishers", async () => {
  const { database: db } = test;
  const accepted: string[] = [];
  const steps: string[] = [];
  const isRotated = () => steps.filter((step) => step === "begun").length > 5;
  let rounds = 0;
  // A generation begins only between two publishes.
  for (; rounds < 60 || !isRotated(); rounds++) {
    const keys = Array.from({ length: 20 }, (_, n) => `${rounds}/${n}`);
    const publish = async () => {
      const events = keys.map((key) => newEvent(key));
      const outcomes = await publishEvents(db, tenantNo, events);
      for (const [place, { outcome }] of outcomes.entries()) if (outcome === "accepted") accepted.push(keys[place]!);
    };
    const rotate = async () => {
      await pass(3 * day);
      steps.push(...(await rotateKeys(db, keyWindowMs)));
    };
    await Promise.all([publish(), publish(), publish(), rotate(), publish(), publish(), publish()]);
  }
  expect(accepted).toHaveLength(rounds * 20);
  expect(new Set(accepted).size).toBe(rounds * 20);
});
