import type { ConnectionOptions } from "./connection.ts";
import type { MigrationLog } from "./log.ts";

/** What every command takes. */
export interface MigrateOptions extends ConnectionOptions {
  /** Default: the migrations that ship with this package. */
  readonly migrationsDir?: string;
}

/** What the commands that change something take as well. */
export interface ChangeOptions extends MigrateOptions {
  /** How long to wait for another migrator; default one minute. */
  readonly lockWaitMs?: number;
  readonly log?: MigrationLog;
  /** Stops the run before the next migration; the one under way is finished. */
  readonly signal?: AbortSignal | undefined;
}

/** The default of `lockWaitMs`. */
export const lockWaitMsDefault = 60_000;
