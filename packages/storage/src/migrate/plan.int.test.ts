import { expect, test } from "vitest";

import type { DirectConnection } from "../database.ts";
import { applyPending } from "./apply-pending.ts";
import { catalogueQuery } from "./catalogue.ts";
import { plan, status, up, verify } from "./index.ts";
import { emptyDatabase, everything, migrationsFolder, rows, session, shop } from "./migrations.test.support.ts";
import { readMigrations } from "./read-migrations.ts";
import { splitStatements } from "./split-statements.ts";

test("plan prints exactly the scripts that up sends, in that order", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  const connection = await session(url);
  const { steps, sql } = await plan({ url, migrationsDir });
  const sent: string[] = [];
  const recorder: DirectConnection = {
    ...connection,
    exec: async (script) => {
      sent.push(script);
      await connection.exec(script);
    },
  };
  const options = { to: undefined, lockWaitMs: 0, log: () => {}, signal: undefined };
  await applyPending(recorder, await readMigrations(migrationsDir), options);
  expect(sent.slice(1, -1)).toEqual(steps.flatMap(({ scripts }) => scripts));
  const printed = splitStatements(sql);
  const ran = sent.flatMap(splitStatements);
  expect(printed.slice(-ran.length)).toEqual(ran);
  expect(printed.slice(0, -ran.length).every((statement) => statement.startsWith("set "))).toBe(true);
});

test("plan changes nothing", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  const connection = await session(url);
  const before = await everything(connection);
  await plan({ url, migrationsDir });
  expect(await everything(connection)).toEqual(before);
});

test("the plan run by hand leaves what up leaves, tracking rows included", async () => {
  const [byHand, byUp] = [await emptyDatabase(), await emptyDatabase()];
  const migrationsDir = await migrationsFolder(shop);
  const { sql } = await plan({ url: byHand, migrationsDir });
  const connection = await session(byHand);
  for (const statement of splitStatements(sql)) await connection.exec(statement);
  await up({ url: byUp, migrationsDir });
  const other = await session(byUp);
  expect(await rows(connection, catalogueQuery)).toEqual(await rows(other, catalogueQuery));
  const tracking = `select version, name, up_checksum, down_checksum, mode, state, applied_by, tool_version, catalogue
from millrace.schema_migrations order by 1`;
  expect(await rows(connection, tracking)).toEqual(await rows(other, tracking));
  expect(await verify({ url: byHand, migrationsDir })).toEqual({ ok: true, pending: [], problems: [] });
});

test("plan shows only what is left, up to where it is asked to go, and nothing when nothing is left", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder(shop);
  await up({ url, migrationsDir, to: 1 });
  expect((await plan({ url, migrationsDir, to: 2 })).steps.map(({ version }) => version)).toEqual([2]);
  await up({ url, migrationsDir });
  expect(await plan({ url, migrationsDir })).toEqual({ steps: [], sql: "" });
  expect((await status({ url, migrationsDir })).pending).toEqual([]);
});

test("plan refuses what up would refuse", async () => {
  const url = await emptyDatabase();
  await expect(plan({ url, migrationsDir: await migrationsFolder(shop), to: 9 })).rejects.toMatchObject({
    reason: "invalid",
  });
  await up({ url, migrationsDir: await migrationsFolder(shop) });
  const edited = await migrationsFolder({ ...shop, "0002_touch.up.sql": "select 1;\n" });
  await expect(plan({ url, migrationsDir: edited })).rejects.toMatchObject({ reason: "changed" });
});
