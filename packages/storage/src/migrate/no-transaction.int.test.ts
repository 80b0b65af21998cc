import { expect, test, vi } from "vitest";

import { checkSchema, down, status, up, verify } from "./index.ts";
import { emptyDatabase, migrationsFolder, rows, session, shop, writeMigrations } from "./migrations.test.support.ts";

const uniqueName = {
  "0003_customers_name.up.sql": `-- millrace:no-transaction
create unique index concurrently if not exists customers_name on millrace.customers (name);
`,
  "0003_customers_name.down.sql": shop["0003_customers_name.down.sql"],
};

test("an index build that failed says so, leaves an invalid index, and is done anew by the next up", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({ ...shop, ...uniqueName });
  await up({ url, migrationsDir, to: 2 });
  const connection = await session(url);
  await connection.exec("update millrace.customers set name = 'same' where id < 3");
  await expect(up({ url, migrationsDir })).rejects.toMatchObject({ reason: "failed", exitCode: 5, versions: [3] });
  const validity = "select indisvalid from pg_index where indexrelid = 'millrace.customers_name'::regclass";
  expect(await rows(connection, validity)).toEqual([{ indisvalid: false }]);

  expect(await verify({ url, migrationsDir })).toMatchObject({ problems: [{ reason: "unfinished", version: 3 }] });
  expect(await checkSchema(connection, migrationsDir)).toEqual({
    ok: false,
    applied: 2,
    required: 3,
    problem: "Migration 3 of the database is not finished.",
  });
  const { migrations, unfinished } = await status({ url, migrationsDir });
  expect(unfinished).toEqual([3]);
  expect(migrations.at(-1)).toMatchObject({
    state: "failed",
    error: expect.stringContaining("unique index") as unknown,
  });

  await connection.exec("update millrace.customers set name = 'customer ' || id");
  expect(await up({ url, migrationsDir })).toEqual([3]);
  expect(await rows(connection, validity)).toEqual([{ indisvalid: true }]);
  expect(await verify({ url, migrationsDir })).toMatchObject({ ok: true });
});

test("a failed migration may be mended: its edited file runs", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({ ...shop, ...uniqueName });
  await up({ url, migrationsDir, to: 2 });
  const connection = await session(url);
  await connection.exec("update millrace.customers set name = 'same' where id < 3");
  await expect(up({ url, migrationsDir })).rejects.toMatchObject({ reason: "failed" });
  await writeMigrations(migrationsDir, { "0003_customers_name.up.sql": shop["0003_customers_name.up.sql"] });
  expect(await up({ url, migrationsDir })).toEqual([3]);
  expect(await verify({ url, migrationsDir })).toMatchObject({ ok: true });
});

test("down removes what an interrupted index build left", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({ ...shop, ...uniqueName });
  await up({ url, migrationsDir, to: 2 });
  const connection = await session(url);
  await connection.exec("update millrace.customers set name = 'same' where id < 3");
  await expect(up({ url, migrationsDir })).rejects.toMatchObject({ reason: "failed" });
  expect(await down({ url, to: 2 })).toEqual([3]);
  expect(await rows(connection, "select to_regclass('millrace.customers_name') as index")).toEqual([{ index: null }]);
});

test("an index build whose backend dies midway is done anew by the next up", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  await up({ url, migrationsDir, to: 2 });
  const blocker = await session(url);
  await blocker.exec("begin; update millrace.customers set name = name where id = 1");
  const connection = await session(url);
  const running = up({ url, migrationsDir }).catch((error: unknown) => error);
  const waiting = `select pid from pg_stat_activity where datname = current_database() and query like '%create index%' and wait_event_type = 'Lock' and pid <> pg_backend_pid()`;
  const [builder] = await vi.waitUntil(
    async () => {
      const found = await rows<{ pid: number }>(connection, waiting);
      return found.length > 0 && found;
    },
    { timeout: 20_000 },
  );
  await connection.exec(`select pg_terminate_backend(${builder?.pid}, 5000)`);
  expect(await running).toMatchObject({ reason: "unreachable", versions: [3] });
  await blocker.exec("commit");
  expect((await status({ url, migrationsDir })).migrations.at(-1)).toMatchObject({ state: "applying" });
  expect(await up({ url, migrationsDir })).toEqual([3]);
  expect(await verify({ url, migrationsDir })).toMatchObject({ ok: true });
});

test("an index build waits out a long transaction instead of failing on the lock timeout", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  await up({ url, migrationsDir, to: 2 });
  const blocker = await session(url);
  await blocker.exec("begin; update millrace.customers set name = name where id = 1");
  const connection = await session(url);
  const attempts: number[] = [];
  const running = up({ url, migrationsDir, log: ({ attempt }) => attempt !== undefined && attempts.push(attempt) });
  const waited = `select 1 from pg_stat_activity
where datname = current_database() and query like '%create index%' and wait_event_type = 'Lock' and now() - query_start > interval '2500 ms'`;
  await vi.waitUntil(async () => (await rows(connection, waited)).length > 0, { timeout: 20_000, interval: 100 });
  await blocker.exec("commit");
  expect(await running).toEqual([3]);
  expect(attempts).toEqual([]);
});
