import { afterAll, beforeAll, expect, test } from "vitest";

import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { makeLog, newEvent } from "./events.test.support.ts";
import { publishEvents } from "./publish.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ database: { poolMax: 12, lockTimeoutMs: 20_000, statementTimeoutMs: 20_000 } });
});
afterAll(() => db.close());

test("a publish to a log that isn't there is NOT_FOUND, and takes no key", async () => {
  await expect(publishEvents(db.database, 2 ** 40, [newEvent("nowhere")])).rejects.toMatchObject({ code: "NOT_FOUND" });
  const [outcome] = await publishEvents(db.database, await makeLog(db.database), [newEvent("nowhere")]);
  expect(outcome).toEqual({ outcome: "accepted", offset: 1 });
});

test("an empty publish is answered without asking the database", async () => {
  expect(await publishEvents(db.database, 2 ** 40, [])).toEqual([]);
});

test("where every step doesn't see what was just committed, nothing is published", async () => {
  const tenantNo = await makeLog(db.database);
  const connection = await db.database.connect();
  await connection.exec("begin isolation level repeatable read");
  await expect(publishEvents(connection, tenantNo, [newEvent("isolated")])).rejects.toMatchObject({ code: "INTERNAL" });
  await connection.exec("rollback");
  await connection.close();
});

test("offsets have no holes, and every duplicate is told the right one, although publishers lose keys to each other", async () => {
  const tenantNo = await makeLog(db.database);
  const keys = Array.from({ length: 400 }, (_, n) => `race ${n}`);
  const publish = async (from: number) => {
    for (let at = from; at < from + 200; at += 50) {
      const batch = keys.slice(at, at + 100).toSorted(() => Math.random() - 0.5);
      await publishEvents(
        db.database,
        tenantNo,
        batch.map((key) => newEvent(key)),
      );
    }
  };
  await Promise.all([0, 0, 50, 50, 100, 100, 150, 150].map((from) => publish(from)));
  const stored = await db.database.query<{ key: string; offset: number }>(
    {
      name: "stored",
      text: `select key, event_offset as "offset" from millrace.events where tenant_no = $1 order by event_offset`,
    },
    [tenantNo],
  );
  expect(stored.map(({ offset }) => offset)).toEqual(stored.map((_, place) => place + 1));
  const again = await publishEvents(
    db.database,
    tenantNo,
    stored.map(({ key }) => newEvent(key)),
  );
  expect(again).toEqual(stored.map(({ offset }) => ({ outcome: "duplicate", offset })));
});
