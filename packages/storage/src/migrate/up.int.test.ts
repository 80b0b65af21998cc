import { randomUUID } from "node:crypto";

import { expect, onTestFinished, test } from "vitest";

import { catalogueQuery } from "./catalogue.ts";
import { down, status, up, type MigrationEvent } from "./index.ts";
import {
  emptyDatabase,
  everything,
  migrationsFolder,
  rows,
  session,
  shop,
  writeMigrations,
} from "./migrations.test.support.ts";

test("up applies every migration in order and says who ran it, when and how long", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  expect(await up({ url, migrationsDir })).toEqual([1, 2, 3]);
  const { migrations, pending, problems } = await status({ url, migrationsDir });
  expect({ pending, problems }).toEqual({ pending: [], problems: [] });
  expect(migrations).toHaveLength(3);
  for (const migration of migrations) {
    expect(migration).toMatchObject({
      state: "applied",
      startedAt: expect.any(Date) as unknown,
      appliedBy: expect.stringContaining("@") as unknown,
    });
    expect(migration.durationMs).toBeGreaterThanOrEqual(0);
  }
});

test("a second up finds nothing to do and changes nothing", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  await up({ url, migrationsDir });
  const connection = await session(url);
  const before = await rows(
    connection,
    "select version, finished_at, xmin::text from millrace.schema_migrations order by 1",
  );
  expect(await up({ url, migrationsDir })).toEqual([]);
  expect(
    await rows(connection, "select version, finished_at, xmin::text from millrace.schema_migrations order by 1"),
  ).toEqual(before);
});

test("up to a version stops there, and a later up goes on", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  expect(await up({ url, migrationsDir, to: 2 })).toEqual([1, 2]);
  expect(await up({ url, migrationsDir, to: 1 })).toEqual([]);
  expect(await up({ url, migrationsDir })).toEqual([3]);
});

test("up to a version that has no file is refused", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  await expect(up({ url, migrationsDir, to: 9 })).rejects.toMatchObject({ reason: "invalid", exitCode: 1 });
});

test("down to 0 leaves the database as empty as it was, and up again gives the same catalogue", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  const connection = await session(url);
  const empty = await everything(connection);
  await up({ url, migrationsDir });
  const first = await rows(connection, catalogueQuery);
  expect(await down({ url, to: 0, allowDataLoss: true })).toEqual([3, 2, 1]);
  expect(await everything(connection)).toEqual(empty);
  await up({ url, migrationsDir });
  expect(await rows(connection, catalogueQuery)).toEqual(first);
});

test("a failing migration leaves nothing behind, keeps those before it, and runs once it is mended", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({
    ...shop,
    "0002_touch.up.sql": "create table millrace.half (id integer);\nselect 1 / 0;\n",
  });
  await expect(up({ url, migrationsDir })).rejects.toMatchObject({
    reason: "failed",
    exitCode: 5,
    versions: [2],
    message: "0002_touch.up.sql failed: division by zero.",
  });
  const connection = await session(url);
  expect(await rows(connection, "select version, state from millrace.schema_migrations")).toEqual([
    { version: 1, state: "applied" },
  ]);
  expect(await rows(connection, "select to_regclass('millrace.half') as half")).toEqual([{ half: null }]);
  await writeMigrations(migrationsDir, { "0002_touch.up.sql": shop["0002_touch.up.sql"] });
  expect(await up({ url, migrationsDir })).toEqual([2, 3]);
});

test("a migration that waits for a table steps aside within two seconds, so that readers get through, and tries again", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({
    "0001_customers.up.sql": shop["0001_customers.up.sql"],
    "0001_customers.down.sql": shop["0001_customers.down.sql"],
    "0002_email.up.sql": "alter table millrace.customers add column email text;\n",
    "0002_email.down.sql": "alter table millrace.customers drop column email;\n",
  });
  await up({ url, migrationsDir, to: 1 });
  const blocker = await session(url);
  await blocker.exec("begin; lock table millrace.customers in access share mode");
  const events: MigrationEvent[] = [];
  const { promise: retrying, resolve: retried } = Promise.withResolvers<undefined>();
  const running = up({
    url,
    migrationsDir,
    log: (event) => {
      events.push(event);
      retried(undefined);
    },
  });
  await retrying;
  const reader = await session(url);
  // Behind a migration that doesn't step aside it waits for the blocker, who waits for it.
  await reader.exec("set lock_timeout = '20 s'; select count(*) from millrace.customers");
  await blocker.exec("commit");
  expect(await running).toEqual([2]);
  expect(events.slice(0, -1).map(({ attempt }) => attempt)).toEqual(events.slice(1).map((_, at) => at + 1));
  expect(events.at(-1)).toMatchObject({ version: 2 });
});

test("the signal stops a run between two migrations, and what was applied stays", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  const abort = new AbortController();
  const running = up({
    url,
    migrationsDir,
    signal: abort.signal,
    log: ({ version }) => version === 1 && abort.abort(),
  });
  await expect(running).rejects.toMatchObject({ reason: "aborted" });
  expect((await status({ url, migrationsDir })).pending).toEqual([2, 3]);
});

test("a schema that somebody else made and uses outlives the last down", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  const connection = await session(url);
  await connection.exec("create schema millrace; create table millrace.theirs (id integer)");
  await up({ url, migrationsDir });
  await down({ url, to: 0, allowDataLoss: true });
  expect(await rows(connection, "select to_regclass('millrace.theirs') is not null as kept")).toEqual([{ kept: true }]);
  expect(await up({ url, migrationsDir })).toEqual([1, 2, 3]);
});

test("a file's own statement timeout holds for it, and only for it", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({
    "0001_slow.up.sql": "-- millrace:statement-timeout 50ms\nselect pg_sleep(30);\n",
    "0001_slow.down.sql": "select 1;\n",
  });
  await expect(up({ url, migrationsDir })).rejects.toMatchObject({
    reason: "failed",
    message: expect.stringContaining("statement timeout") as unknown,
  });
  await writeMigrations(migrationsDir, {
    "0001_slow.up.sql": "-- millrace:statement-timeout 20s\nselect 1;\n",
    "0002_next.up.sql": "create table millrace.next as select current_setting('statement_timeout') as timeout;\n",
    "0002_next.down.sql": "drop table millrace.next;\n",
  });
  await up({ url, migrationsDir });
  const connection = await session(url);
  expect(await rows(connection, "select timeout from millrace.next")).toEqual([{ timeout: "15min" }]);
});

test("a database that does not answer is one sentence", async () => {
  await expect(up({ url: "postgres://postgres@127.0.0.1:1/none" })).rejects.toMatchObject({
    reason: "unreachable",
    message: expect.stringMatching(/^The database can't be reached: .+\.$/) as unknown,
  });
});

test("a role that may not create schemas keeps the one that was made for it, and gets one sentence where there is none", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  const connection = await session(url);
  const role = `plain_${randomUUID().replaceAll("-", "")}`;
  await connection.exec(`create role ${role} login password '${role}'`);
  onTestFinished(() => connection.exec(`drop owned by ${role}; drop role ${role}`));
  const asRole = new URL(url);
  asRole.username = role;
  asRole.password = role;
  await expect(up({ url: asRole.href, migrationsDir })).rejects.toMatchObject({
    reason: "failed",
    message: expect.stringMatching(
      /^The database refused to be migrated: permission denied for database \w+\.$/,
    ) as unknown,
  });
  await connection.exec(`create schema millrace authorization ${role}`);
  await up({ url: asRole.href, migrationsDir });
  await down({ url: asRole.href, to: 0, allowDataLoss: true });
  expect(await up({ url: asRole.href, migrationsDir })).toEqual([1, 2, 3]);
});
