import { afterAll, beforeAll, expect, test } from "vitest";

import { testDatabase } from "./testing/test-database.ts";
import type { TestDatabase } from "./testing/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
});
afterAll(() => db.close());

const sql = (text: string) => ({ name: "test", text });

test("a row whose partition is made while it is on its way to the default one gets there", async () => {
  const { database } = db;
  await database.query(sql("create table rows (at int check (at > 0)) partition by range (at)"));
  await database.query(sql("create table rows_other partition of rows default"));
  let insertion: Promise<unknown> = Promise.resolve();
  await database.withTransaction(async (tx) => {
    await tx.query(sql("create table rows_new (like rows including all)"));
    await tx.query(sql("alter table rows attach partition rows_new for values from (0) to (10)"));
    insertion = database.query(sql("insert into rows values (5)"));
    const waiting = sql(
      "select count(*)::int as waiting from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())",
    );
    await expect.poll(() => database.query(waiting), { timeout: 30_000 }).toEqual([{ waiting: 1 }]);
  });
  await insertion;
  expect(await database.query(sql("select tableoid::regclass::text as partition, at from rows"))).toEqual([
    { partition: "rows_new", at: 5 },
  ]);
});

test("a check of a constraint that was declared is no such thing", async () => {
  const refused = db.database.query(sql("insert into rows values (-1)"));
  await expect(refused).rejects.toMatchObject({ code: "INTERNAL", cause: { code: "23514" } });
});

test("a row that no partition takes is no such thing either", async () => {
  const { database } = db;
  await database.query(sql("create table narrow (at int) partition by range (at)"));
  await expect(database.query(sql("insert into narrow values (1)"))).rejects.toMatchObject({ code: "INTERNAL" });
});
