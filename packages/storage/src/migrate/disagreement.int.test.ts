import { rename } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { down, status, up, verify } from "./index.ts";
import { emptyDatabase, migrationsFolder, rows, session, shop, writeMigrations } from "./migrations.test.support.ts";

async function migrated(): Promise<{ url: string; migrationsDir: string }> {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  await up({ url, migrationsDir });
  return { url, migrationsDir };
}

const next = {
  "0004_next.up.sql": "create table millrace.next ();\n",
  "0004_next.down.sql": "drop table millrace.next;\n",
};

test.each(["0001_customers.up.sql", "0001_customers.down.sql"] as const)(
  "an edited %s of an applied migration is refused before anything runs",
  async (file) => {
    const { url, migrationsDir } = await migrated();
    await writeMigrations(migrationsDir, { ...next, [file]: `${shop[file]}-- one more line\n` });
    const refusal = {
      reason: "changed",
      exitCode: 3,
      versions: [1],
      message: `${file} was edited after it was applied.`,
    };
    await expect(up({ url, migrationsDir })).rejects.toMatchObject(refusal);
    const connection = await session(url);
    expect(await rows(connection, "select to_regclass('millrace.next') as next")).toEqual([{ next: null }]);
    expect((await verify({ url, migrationsDir })).problems).toMatchObject([{ reason: "changed", version: 1 }]);
    expect((await status({ url, migrationsDir })).problems).toMatchObject([{ reason: "changed", version: 1 }]);
  },
);

test("line ends that git changed on checkout are no edit", async () => {
  const { url, migrationsDir } = await migrated();
  const file = "0001_customers.up.sql";
  await writeMigrations(migrationsDir, { [file]: shop[file].replaceAll("\n", "\r\n") });
  expect(await up({ url, migrationsDir })).toEqual([]);
});

test("a renamed file of an applied migration is refused", async () => {
  const { url, migrationsDir } = await migrated();
  for (const direction of ["up", "down"]) {
    await rename(
      join(migrationsDir, `0002_touch.${direction}.sql`),
      join(migrationsDir, `0002_stroke.${direction}.sql`),
    );
  }
  await expect(up({ url, migrationsDir })).rejects.toMatchObject({ reason: "changed", exitCode: 3, versions: [2] });
});

test("a version that this build does not know is refused, and every such version is named", async () => {
  const { url } = await migrated();
  const older = await migrationsFolder({
    "0001_customers.up.sql": shop["0001_customers.up.sql"],
    "0001_customers.down.sql": shop["0001_customers.down.sql"],
  });
  await expect(up({ url, migrationsDir: older })).rejects.toMatchObject({
    reason: "unknown",
    exitCode: 3,
    versions: [2, 3],
  });
});

test("an older build goes down past versions it has no files for, by the SQL that was stored with them", async () => {
  const { url } = await migrated();
  const older = await migrationsFolder({
    "0001_customers.up.sql": shop["0001_customers.up.sql"],
    "0001_customers.down.sql": shop["0001_customers.down.sql"],
  });
  expect(await down({ url, to: 1 })).toEqual([3, 2]);
  expect(await up({ url, migrationsDir: older })).toEqual([]);
  expect(await verify({ url, migrationsDir: older })).toMatchObject({ ok: true });
});

test("a migration that is missing below an applied one is refused: order is a set of versions, not a date", async () => {
  const { url, migrationsDir } = await migrated();
  const connection = await session(url);
  await connection.exec("delete from millrace.schema_migrations where version = 2");
  await expect(up({ url, migrationsDir })).rejects.toMatchObject({
    reason: "out-of-order",
    exitCode: 3,
    versions: [2],
  });
});

test("down refuses to lose data until somebody agrees, and then changes nothing at all", async () => {
  const { url, migrationsDir } = await migrated();
  await expect(down({ url, to: 0 })).rejects.toMatchObject({
    reason: "lossy",
    exitCode: 1,
    versions: [1],
    message: "Undoing 0001_customers loses data: the customers go",
  });
  expect((await status({ url, migrationsDir })).pending).toEqual([]);
});

test("down never runs past an irreversible migration, whatever is agreed", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({
    ...shop,
    ...next,
    "0004_next.down.sql": "-- millrace:irreversible the old format is gone\n",
  });
  await up({ url, migrationsDir });
  await expect(down({ url, to: 1, allowDataLoss: true })).rejects.toMatchObject({
    reason: "irreversible",
    versions: [4],
  });
  expect(await down({ url, to: 4 })).toEqual([]);
});

test("down to a version that is not applied is refused", async () => {
  const { url } = await migrated();
  await expect(down({ url, to: 7 })).rejects.toMatchObject({ reason: "invalid" });
});

test("a failing down leaves its migration applied", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({
    ...shop,
    "0002_touch.down.sql": "drop trigger touch on millrace.customers;\nselect 1 / 0;\n",
  });
  await up({ url, migrationsDir, to: 2 });
  await expect(down({ url, to: 1 })).rejects.toMatchObject({
    reason: "failed",
    message: "0002_touch.down.sql failed: division by zero.",
  });
  expect(await verify({ url, migrationsDir })).toMatchObject({ ok: true, pending: [3] });
});

test("verify finds what was made, changed or dropped by hand", async () => {
  const { url, migrationsDir } = await migrated();
  expect(await verify({ url, migrationsDir })).toEqual({ ok: true, pending: [], problems: [] });
  const connection = await session(url);
  await connection.exec(`alter table millrace.customers alter column name set default 'nobody';
drop index millrace.customers_name; create table millrace.theirs (id integer)`);
  const { ok, problems } = await verify({ url, migrationsDir });
  expect(ok).toBe(false);
  expect(problems.map(({ message }) => message).toSorted()).toEqual([
    "Gone or changed since the last migration: column customers.name text not null default 'x;y'::text",
    "Gone or changed since the last migration: index CREATE INDEX customers_name ON millrace.customers USING btree (name)",
    "Made by no migration: column customers.name text not null default 'nobody'::text",
    "Made by no migration: column theirs.id integer",
    "Made by no migration: relation theirs kind r",
  ]);
});

test("a catalogue listed by another PostgreSQL version is not compared", async () => {
  const { url, migrationsDir } = await migrated();
  const connection = await session(url);
  await connection.exec(
    "update millrace.schema_migrations set catalogue = 'format 1 of PostgreSQL 9' where catalogue is not null",
  );
  expect(await verify({ url, migrationsDir })).toMatchObject({ ok: true });
});
