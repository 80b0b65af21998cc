import { applyPending, readPending } from "./apply-pending.ts";
import { withSession } from "./connection.ts";
import { lockWaitMsDefault, type ChangeOptions } from "./options.ts";
import { readMigrations } from "./read-migrations.ts";

export interface UpOptions extends ChangeOptions {
  /** The last version to apply; default: all. */
  readonly to?: number;
}

/** Applies what is pending, in order, and answers the versions it applied. Any number of migrators may run it at once. */
export async function up(options: UpOptions): Promise<readonly number[]> {
  const { to, signal, log = () => {}, lockWaitMs = lockWaitMsDefault } = options;
  const migrations = await readMigrations(options.migrationsDir);
  return withSession(options, async (connection) => {
    if ((await readPending(connection, migrations, to)).length === 0) return [];
    return applyPending(connection, migrations, { to, lockWaitMs, log, signal });
  });
}
