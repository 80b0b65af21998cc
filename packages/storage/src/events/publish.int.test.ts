import { afterAll, beforeAll, expect, test } from "vitest";

import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import type { NewEvent, PublishOutcome } from "./event.ts";
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

test("a publish that loses keys to another is told where these are, and its own events have no hole between them", async () => {
  const tenantNo = await makeLog(db.database);
  const { losing } = await race(
    tenantNo,
    [newEvent("b"), newEvent("c"), newEvent("d")],
    [
      newEvent("a"),
      newEvent("b"),
      newEvent("c", `{"other":1}`),
      newEvent("d"),
      newEvent("d"),
      newEvent("e"),
      newEvent("f"),
      newEvent("f"),
    ],
  );
  const expected = [
    { outcome: "accepted", offset: 4 },
    { outcome: "duplicate", offset: 1 },
    { outcome: "reused" },
    { outcome: "duplicate", offset: 3 },
    { outcome: "duplicate", offset: 3 },
    { outcome: "accepted", offset: 5 },
    { outcome: "accepted", offset: 6 },
    { outcome: "duplicate", offset: 6 },
  ];
  expect(losing).toEqual(expected);
  expect(await stored(tenantNo)).toEqual(["b", "c", "d", "a", "e", "f"]);
  const again = await publishEvents(
    db.database,
    tenantNo,
    ["a", "e", "f"].map((key) => newEvent(key)),
  );
  expect(again.map((outcome) => "offset" in outcome && outcome.offset)).toEqual([4, 5, 6]);
});

test("a large publish that loses a key to another stores the rest of it, without a hole", async () => {
  const tenantNo = await makeLog(db.database);
  const keys = Array.from({ length: 100 }, (_, n) => `many-${n}`);
  const events = keys.map((key) => newEvent(key));
  const { losing } = await race(tenantNo, [newEvent("many-50")], events);
  const own = keys.filter((key) => key !== "many-50");
  expect(await stored(tenantNo)).toEqual(["many-50", ...own]);
  expect(losing[50]).toEqual({ outcome: "duplicate", offset: 1 });
  expect(losing.flatMap((outcome) => (outcome.outcome === "accepted" ? [outcome.offset] : []))).toEqual(
    own.map((_, n) => n + 2),
  );
});

test("a large atomic publish that loses a key to another record stores nothing of itself", async () => {
  const tenantNo = await makeLog(db.database);
  const events = Array.from({ length: 100 }, (_, n) => newEvent(`whole-${n}`));
  const { losing } = await race(tenantNo, [newEvent("whole-7", `{"other":1}`)], events, "commits", true);
  expect(losing.map(({ outcome }) => outcome)).toEqual(events.map((_, n) => (n === 7 ? "reused" : "refused")));
  expect(await stored(tenantNo)).toEqual(["whole-7"]);
});

test("a publish that loses all of its keys stores nothing", async () => {
  const tenantNo = await makeLog(db.database);
  const events = [newEvent("g"), newEvent("h")];
  const { losing } = await race(tenantNo, events, events.toReversed());
  expect(losing).toEqual([
    { outcome: "duplicate", offset: 2 },
    { outcome: "duplicate", offset: 1 },
  ]);
  expect(await stored(tenantNo)).toEqual(["g", "h"]);
});

test("a publish gets the keys of another that is undone", async () => {
  const tenantNo = await makeLog(db.database);
  const { losing } = await race(tenantNo, [newEvent("i")], [newEvent("i"), newEvent("j")], "rolls back");
  expect(losing).toEqual([
    { outcome: "accepted", offset: 1 },
    { outcome: "accepted", offset: 2 },
  ]);
});

test("an atomic publish that loses a key to another record stores nothing of itself", async () => {
  const tenantNo = await makeLog(db.database);
  const { losing } = await race(
    tenantNo,
    [newEvent("l")],
    [newEvent("k"), newEvent("l", `{"other":1}`), newEvent("m")],
    "commits",
    true,
  );
  expect(losing.map(({ outcome }) => outcome)).toEqual(["refused", "reused", "refused"]);
  expect(await stored(tenantNo)).toEqual(["l"]);
});

/** Publishes the first batch, and the second while the first is not committed; ends the first once the second waits for it. */
async function race(
  tenantNo: number,
  first: readonly NewEvent[],
  second: readonly NewEvent[],
  end: "commits" | "rolls back" = "commits",
  atomic = false,
): Promise<{ readonly losing: readonly PublishOutcome[] }> {
  const undone = new Error("undone");
  let losing: Promise<readonly PublishOutcome[]> | undefined;
  const winning = db.database.withTransaction(async (tx) => {
    await publishEvents(tx, tenantNo, first);
    losing = publishEvents(db.database, tenantNo, second, { atomic });
    await expect.poll(waiting).toBe(1);
    if (end === "rolls back") throw undone;
  });
  await winning.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
  return { losing: (await losing) ?? [] };
}

/** How many wait for a transaction to end. */
async function waiting(): Promise<number | undefined> {
  const [row] = await db.database.query<{ n: number }>({
    name: "waiting",
    text: `select count(*)::integer as n from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and query like '%publish_events%'`,
  });
  return row?.n;
}

/** The keys of a log, in the order of offsets. */
async function stored(tenantNo: number): Promise<readonly string[]> {
  const rows = await db.database.query<{ key: string }>(
    { name: "stored", text: "select key from millrace.events where tenant_no = $1 order by event_offset" },
    [tenantNo],
  );
  return rows.map(({ key }) => key);
}
