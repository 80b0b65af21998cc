import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { expect, onTestFinished, test, vi } from "vitest";

import type { DirectConnection } from "../database.ts";
import { applyPending } from "./apply-pending.ts";
import { catalogueQuery } from "./catalogue.ts";
import { openSession } from "./connection.ts";
import { up, verify } from "./index.ts";
import { emptyDatabase, migrationsFolder, rows, session, shop } from "./migrations.test.support.ts";
import { readMigrations } from "./read-migrations.ts";

const options = { to: undefined, lockWaitMs: 60_000, log: () => {}, signal: undefined };

/** A connection that dies in place of its nth script, as a killed process would leave it. */
async function mortal(url: string, scriptsLeft: number): Promise<DirectConnection> {
  const connection = await openSession({ url });
  let left = scriptsLeft;
  return {
    ...connection,
    exec: async (script) => {
      if (left === 0) await connection.close();
      left -= 1;
      await connection.exec(script);
    },
  };
}

test("a run that dies at any point between two scripts is finished by the next one", { timeout: 300_000 }, async () => {
  const migrationsDir = await migrationsFolder(shop);
  const migrations = await readMigrations(migrationsDir);
  const reference = await emptyDatabase();
  await up({ url: reference, migrationsDir });
  const expected = await rows(await session(reference), catalogueQuery);
  let survived = false;
  for (let point = 0; !survived; point += 1) {
    const url = await emptyDatabase();
    survived = await applyPending(await mortal(url, point), migrations, options).then(
      () => true,
      () => false,
    );
    await up({ url, migrationsDir });
    expect(await rows(await session(url), catalogueQuery), `died at script ${point}`).toEqual(expected);
    expect(await verify({ url, migrationsDir })).toEqual({ ok: true, pending: [], problems: [] });
  }
});

test("a migrator killed with SIGKILL in the middle of a migration leaves nothing of it, and the next up converges", async () => {
  const url = await emptyDatabase();
  const migrationsDir = await migrationsFolder({
    ...shop,
    "0002_touch.up.sql": `create table millrace.half ();
select pg_sleep(case when to_regclass('public.gate') is null then 0 else 600 end);
`,
    "0002_touch.down.sql": "drop table millrace.half;\n",
  });
  const connection = await session(url);
  await connection.exec("create table public.gate ()");
  const index = fileURLToPath(new URL("./index.ts", import.meta.url));
  const script = `import { up } from ${JSON.stringify(index)}; await up(${JSON.stringify({ url, migrationsDir })});`;
  const child = spawn(process.execPath, ["--conditions=@millrace/source", "--input-type=module", "--eval", script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const asleep = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await vi.waitUntil(async () => (await rows(connection, asleep)).length > 0, { timeout: 50_000 });
  child.kill("SIGKILL");
  await once(child, "exit");
  await connection.exec("drop table public.gate");
  expect(await up({ url, migrationsDir })).toEqual([2, 3]);
  expect(await verify({ url, migrationsDir })).toEqual({ ok: true, pending: [], problems: [] });
});

test("a session that lost the lock runs no further migration", async () => {
  const url = await emptyDatabase();
  const migrations = await readMigrations(await migrationsFolder(shop));
  const connection = await session(url);
  const run = applyPending(connection, migrations, {
    ...options,
    log: () => void connection.exec("select pg_advisory_unlock_all()"),
  });
  await expect(run).rejects.toMatchObject({
    reason: "unreachable",
    message: expect.stringContaining("direct connection") as unknown,
  });
  expect(await rows(connection, "select version from millrace.schema_migrations")).toEqual([{ version: 1 }]);
});
