import { createDatabase } from "../database.ts";
import type { Database, DatabaseOptions } from "../database.ts";
import { cloneDatabase } from "./clone-database.ts";
import type { CloneOptions } from "./clone-database.ts";
import { readTestEnvironment } from "./environment.ts";
import { patient } from "./patient.ts";
import { startPostgres } from "./start-postgres.ts";
import type { TestPostgres } from "./start-postgres.ts";

export interface TestDatabaseOptions extends CloneOptions {
  /** Options of `database`, its URL aside; its deadlines are `patient`. */
  readonly database?: Omit<DatabaseOptions, "url">;
}

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly database: Database;
  /** Closes `database` and drops what it led to. */
  close(): Promise<void>;
}

let ownServer: Promise<TestPostgres> | undefined;

/**
 * A fresh, migrated database for one test file. The server is the one that the run's global set-up has started;
 * without a global set-up this process starts one, which ends with it.
 */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const clone = await cloneDatabase(await serverUrl(), options);
  const database = createDatabase({ ...patient, ...options.database, url: clone.url });
  const close = async (): Promise<void> => {
    await database.close({ graceMs: 0 });
    await clone.drop();
  };
  return { url: clone.url, database, close, [Symbol.asyncDispose]: close };
}

async function serverUrl(): Promise<string> {
  const { sharedUrl } = readTestEnvironment();
  if (sharedUrl !== undefined) return sharedUrl;
  ownServer ??= startPostgres();
  return (await ownServer).url;
}
