import { assertNoDisagreement, compare } from "./compare.ts";
import type { DirectConnection } from "./connection.ts";
import { MigrationError } from "./error.ts";
import { dropInvalidIndexes } from "./invalid-indexes.ts";
import { assertNotAborted, withMigrationLock } from "./lock.ts";
import { readMigrations, type Migration } from "./read-migrations.ts";
import { runStep } from "./run-step.ts";
import { lockWaitMsDefault, withConnection, type ChangeOptions } from "./run.ts";
import { upStep } from "./step.ts";
import { thisAuthor } from "./tracking/author.ts";
import { createTrackingTable } from "./tracking/create-table.ts";
import { readTrackingRows } from "./tracking/read-rows.ts";

export interface UpOptions extends ChangeOptions {
  /** The last version to apply; default: all. */
  readonly to?: number;
}

/** Applies what is pending, in order, and answers the versions it applied. Any number of migrators may run it at once. */
export async function up(options: UpOptions): Promise<readonly number[]> {
  const migrations = await readMigrations(options.migrationsDir);
  const { to, signal, log = () => {}, lockWaitMs = lockWaitMsDefault } = options;
  if (to !== undefined && !migrations.some(({ version }) => version === to)) {
    throw new MigrationError("invalid", `There is no migration ${to}.`, [to]);
  }
  return withConnection(options.url, async (connection) => {
    if ((await readPending(connection, migrations, to)).length === 0) return [];
    return withMigrationLock(connection, { lockWaitMs, log, signal }, async () => {
      await connection.exec(createTrackingTable);
      const pending = await readPending(connection, migrations, to);
      const by = thisAuthor();
      for (const migration of pending) {
        assertNotAborted(signal);
        const build = async () => upStep(migration, by, await dropInvalidIndexes(connection, migration));
        await runStep(connection, { direction: "up", ...migration, build }, { log, signal });
      }
      return pending.map(({ version }) => version);
    });
  });
}

/** What `up` would apply now; the disagreements that forbid it are thrown. */
export async function readPending(
  connection: DirectConnection,
  migrations: readonly Migration[],
  to: number | undefined,
): Promise<readonly Migration[]> {
  const comparison = compare(migrations, await readTrackingRows(connection));
  assertNoDisagreement(comparison);
  return comparison.pending.filter(({ version }) => to === undefined || version <= to);
}
