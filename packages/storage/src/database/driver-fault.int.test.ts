import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";

import { testDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
  await db.database.query({ name: "create", text: "create table note (id text primary key)" });
});
afterAll(() => db.close());

// The reason for the door. When a new version of the driver makes this test fail, the door may become simpler.
test("the driver's own transactions let an abandoned function write into somebody else's transaction", async () => {
  const sql = postgres(db.url, { max: 1, backoff: false, onnotice: () => {} });
  const wakeFirst = Promise.withResolvers<void>();
  const firstWrote = Promise.withResolvers<unknown>();

  const first = sql.begin(async (tx) => {
    const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
    await db.database.query({ name: "kill", text: "select pg_terminate_backend($1::int, 5000)" }, [row!.pid]);
    await wakeFirst.promise;
    firstWrote.resolve(await tx`insert into note (id) values ('ghost')`.catch((error: unknown) => error));
    // Neither COMMIT nor ROLLBACK: what this function has done so far is enough.
    await new Promise(() => {});
  });
  await expect(first).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });

  await sql.begin(async () => {
    wakeFirst.resolve();
    await firstWrote.promise;
  });

  const rows = await db.database.query({ name: "notes", text: "select id from note" });
  expect(rows).toEqual([{ id: "ghost" }]);
  await sql.end({ timeout: 0 });
});
