import type { DirectConnection } from "../database.ts";
import { assertNoDisagreement, compare } from "./compare.ts";
import { MigrationError } from "./error.ts";
import { dropInvalidIndexes } from "./invalid-indexes.ts";
import { assertNotAborted, withMigrationLock, type LockOptions } from "./lock.ts";
import type { Migration } from "./read-migrations.ts";
import { runStep } from "./run-step.ts";
import { upStep } from "./step.ts";
import { thisAuthor } from "./tracking/author.ts";
import { createTrackingTable } from "./tracking/create-table.ts";
import { readTrackingRows } from "./tracking/read-rows.ts";
import { recordCatalogue } from "./tracking/record-catalogue.ts";

export interface ApplyOptions extends LockOptions {
  /** The last version to apply, if not all. */
  readonly to: number | undefined;
}

/** Takes the lock, looks again at what is pending, and applies it one migration at a time. */
export async function applyPending(
  connection: DirectConnection,
  migrations: readonly Migration[],
  options: ApplyOptions,
): Promise<readonly number[]> {
  return withMigrationLock(connection, options, async () => {
    await connection.exec(createTrackingTable);
    const pending = await readPending(connection, migrations, options.to);
    const by = thisAuthor();
    for (const migration of pending) {
      assertNotAborted(options.signal);
      const { version, name } = migration;
      const build = async () => upStep(migration, by, await dropInvalidIndexes(connection, migration));
      await runStep(connection, { direction: "up", version, name, build }, options);
    }
    if (pending.length > 0) await connection.exec(recordCatalogue);
    return pending.map(({ version }) => version);
  });
}

/** What `up` would apply now; the first disagreement that forbids it is thrown. */
export async function readPending(
  connection: DirectConnection,
  migrations: readonly Migration[],
  to: number | undefined,
): Promise<readonly Migration[]> {
  if (to !== undefined && !migrations.some(({ version }) => version === to)) {
    throw new MigrationError("invalid", `There is no migration ${to}.`, [to]);
  }
  const comparison = compare(migrations, await readTrackingRows(connection));
  assertNoDisagreement(comparison);
  return comparison.pending.filter(({ version }) => to === undefined || version <= to);
}
