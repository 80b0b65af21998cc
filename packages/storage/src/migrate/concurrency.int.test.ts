import { expect, test, vi } from "vitest";

import { status, up, verify } from "./index.ts";
import { withMigrationLock } from "./lock.ts";
import { emptyDatabase, migrationsFolder, rows, session, shop } from "./migrations.test.support.ts";

test.each([2, 5])("%i migrators at once apply each migration once, and all of them succeed", async (count) => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({
    ...shop,
    "0004_slow.up.sql": "select pg_sleep(0.3);\ncreate table millrace.slow ();\n",
    "0004_slow.down.sql": "drop table millrace.slow;\n",
  });
  const results = await Promise.all(Array.from({ length: count }, () => up({ url, migrationsDir })));
  expect(new Set(results.flat())).toEqual(new Set([1, 2, 3, 4]));
  expect(results.flat()).toHaveLength(4);
  expect(await verify({ url, migrationsDir })).toEqual({ ok: true, pending: [], problems: [] });
  const connection = await session(url);
  expect(await rows(connection, "select count(*)::integer from millrace.customers")).toEqual([{ count: 100 }]);
});

test("a migrator that gets no lock in its time says so and changes nothing", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  const holder = await session(url);
  await withMigrationLock(holder, { lockWaitMs: 0, log: () => {}, signal: undefined }, async () => {
    await expect(up({ url, migrationsDir, lockWaitMs: 100 })).rejects.toMatchObject({ reason: "locked", exitCode: 4 });
  });
  expect((await status({ url, migrationsDir })).pending).toEqual([1, 2, 3]);
});

test("a migrator with nothing to do does not wait for the one that works", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  await up({ url, migrationsDir });
  const holder = await session(url);
  await withMigrationLock(holder, { lockWaitMs: 0, log: () => {}, signal: undefined }, async () => {
    expect(await up({ url, migrationsDir, lockWaitMs: 0 })).toEqual([]);
  });
});

test("a waiting migrator holds no snapshot, so the index build of the other never deadlocks with it", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  await up({ url, migrationsDir, to: 2 });
  const blocker = await session(url);
  await blocker.exec("begin; update millrace.customers set name = name where id = 1");
  const connection = await session(url);
  const first = up({ url, migrationsDir });
  const building =
    "select 1 from pg_stat_activity where datname = current_database() and query like '%create index%' and wait_event_type = 'Lock'";
  await vi.waitUntil(async () => (await rows(connection, building)).length > 0, { timeout: 20_000 });
  const { promise: waiting, resolve } = Promise.withResolvers<undefined>();
  const second = up({ url, migrationsDir, log: () => resolve(undefined) });
  await waiting;
  await blocker.exec("commit");
  expect(await Promise.all([first, second])).toEqual([[3], []]);
});

test("the signal ends the wait for the lock", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  const holder = await session(url);
  const abort = new AbortController();
  await withMigrationLock(holder, { lockWaitMs: 0, log: () => {}, signal: undefined }, async () => {
    const running = up({ url, migrationsDir, signal: abort.signal, log: () => abort.abort() });
    await expect(running).rejects.toMatchObject({ reason: "aborted" });
  });
});

test("the lock is given back after a failure", async () => {
  const url = await emptyDatabase();
  const session1 = await session(url);
  const options = { lockWaitMs: 0, log: () => {}, signal: undefined };
  await expect(withMigrationLock(session1, options, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withMigrationLock(await session(url), options, () => Promise.resolve("mine"))).toBe("mine");
});
