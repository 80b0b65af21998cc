import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

import { connectDirectly } from "../database.ts";
import type { DirectConnection } from "../database.ts";
import { readTestEnvironment } from "./environment.ts";
import { isProcessAlive } from "./is-process-alive.ts";
import { patient } from "./patient.ts";
import { ensureTemplate, whenFree } from "./template.ts";
import { urlOf } from "./url-of.ts";

export interface CloneOptions {
  /** False gives an empty database; default true. */
  readonly migrate?: boolean | undefined;
}

export interface ClonedDatabase {
  readonly url: string;
  /** Drops the database, whoever is connected to it. */
  drop(): Promise<void>;
}

/** Who made a test database, kept as its comment, so that those of dead runs can be found. */
interface Origin {
  readonly run: string | undefined;
  readonly host: string;
  readonly pid: number;
  readonly atMs: number;
}

const prefix = "millrace_test_";
/** A run on another machine can't be asked whether it lives; after this time it isn't. */
const ageMaxMs = 6 * 3_600_000;

/** Makes a database of one's own on a server, cloned from the migrated template. */
export async function cloneDatabase(serverUrl: string, { migrate = true }: CloneOptions = {}): Promise<ClonedDatabase> {
  const name = `${prefix}${randomBytes(8).toString("hex")}`;
  await asAdmin(serverUrl, async (admin) => {
    const template = migrate ? await ensureTemplate(admin, serverUrl) : "template0";
    await whenFree(() => admin.exec(`create database "${name}" template "${template}"`));
    const origin: Origin = { run: readTestEnvironment().run, host: hostname(), pid: process.pid, atMs: Date.now() };
    await admin.exec(`comment on database "${name}" is '${JSON.stringify(origin).replaceAll("'", "''")}'`);
  });
  return { url: urlOf(serverUrl, name), drop: () => asAdmin(serverUrl, (admin) => dropDatabase(admin, name)) };
}

/** Drops the databases of dead runs, and of the given run if there is one. */
export async function sweepDatabases(serverUrl: string, run?: string): Promise<void> {
  await asAdmin(serverUrl, async (admin) => {
    const found = await admin.query<{ name: string; origin: string | null }>(
      {
        name: "list test databases",
        text: "select datname as name, shobj_description(oid, 'pg_database') as origin from pg_catalog.pg_database where starts_with(datname, $1)",
      },
      [prefix],
    );
    for (const { name, origin } of found) {
      if (origin !== null && isOver(JSON.parse(origin) as Origin, run)) await dropDatabase(admin, name);
    }
  });
}

function isOver(origin: Origin, run: string | undefined): boolean {
  if (run !== undefined && origin.run === run) return true;
  if (origin.host === hostname()) return !isProcessAlive(origin.pid);
  return Date.now() - origin.atMs > ageMaxMs;
}

async function dropDatabase(admin: DirectConnection, name: string): Promise<void> {
  await whenFree(() => admin.exec(`drop database if exists "${name}" with (force)`));
}

async function asAdmin<Result>(serverUrl: string, run: (admin: DirectConnection) => Promise<Result>): Promise<Result> {
  const admin = await connectDirectly({ ...patient, url: serverUrl, applicationName: "millrace-test-admin" });
  try {
    return await run(admin);
  } finally {
    await admin.close();
  }
}
