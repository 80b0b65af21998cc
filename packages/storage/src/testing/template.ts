import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { DirectConnection } from "../database.ts";
import { bundledMigrationsDir, up } from "../migrate/index.ts";
import { sqlState } from "../pg-error.ts";
import { urlOf } from "./url-of.ts";

/** The advisory lock that makers of a template take in turns. */
const templateLock = 7_219_350_115_003;
const inUse = "55006";

/**
 * The name of a database with the present migrations applied, made once per server and set of migrations whoever asks at once.
 * It is built under another name and renamed when complete, so a killed maker leaves no half template.
 */
export async function ensureTemplate(admin: DirectConnection, adminUrl: string): Promise<string> {
  const name = `millrace_template_${await hashMigrations()}`;
  if (await exists(admin, name)) return name;
  await admin.query({ name: "lock template", text: "select pg_advisory_lock($1::bigint)" }, [templateLock]);
  try {
    if (await exists(admin, name)) return name;
    const building = `${name}_building`;
    await admin.exec(`drop database if exists "${building}" with (force)`);
    await admin.exec(`create database "${building}" template template0`);
    await up({ url: urlOf(adminUrl, building) });
    await whenFree(() => admin.exec(`alter database "${building}" rename to "${name}"`));
    return name;
  } finally {
    await admin.query({ name: "unlock template", text: "select pg_advisory_unlock($1::bigint)" }, [templateLock]);
  }
}

/** Runs a statement that needs a database without sessions again while one that has said goodbye is still leaving. */
export async function whenFree(run: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run();
      return;
    } catch (error) {
      if (sqlState(error) !== inUse || attempt === 100) throw error;
      await delay(20);
    }
  }
}

async function exists(admin: DirectConnection, name: string): Promise<boolean> {
  const text = "select 1 from pg_catalog.pg_database where datname = $1";
  return (await admin.query({ name: "find template", text }, [name])).length > 0;
}

async function hashMigrations(): Promise<string> {
  const hash = createHash("sha256");
  const files = (await readdir(bundledMigrationsDir)).filter((file) => file.endsWith(".up.sql")).toSorted();
  for (const file of files) hash.update(file).update(await readFile(join(bundledMigrationsDir, file)));
  return hash.digest("hex").slice(0, 16);
}
