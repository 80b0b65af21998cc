import { MillraceError } from "@millrace/contract";

import { isConnectionLoss } from "../pg-error.ts";
import { openConnection, type DirectConnection } from "./connection.ts";
import { MigrationError, rootMessage } from "./error.ts";
import type { MigrationLog } from "./log.ts";
import { prepareSession } from "./session.ts";

/** What every command takes. */
export interface MigrateOptions {
  /** A direct connection string; a transaction-mode pooler can't hold the migration lock. */
  readonly url: string;
  /** Default: the migrations that ship with this package. */
  readonly migrationsDir?: string;
  readonly log?: MigrationLog;
}

/** What the commands that change something take as well. */
export interface ChangeOptions extends MigrateOptions {
  /** How long to wait for another migrator; default one minute. */
  readonly lockWaitMs?: number;
  /** Stops the run before the next migration; the one under way is finished. */
  readonly signal?: AbortSignal;
}

/** The default of `lockWaitMs`. */
export const lockWaitMsDefault = 60_000;

/** Runs `body` on a session of its own, and closes it. */
export async function withConnection<T>(url: string, body: (connection: DirectConnection) => Promise<T>): Promise<T> {
  const connection = await openConnection(url);
  try {
    await prepareSession(connection);
    return await body(connection);
  } catch (error) {
    throw error instanceof MillraceError ? error : explain(error);
  } finally {
    await connection.close();
  }
}

function explain(error: unknown): MigrationError {
  if (isConnectionLoss(error))
    return new MigrationError("unreachable", "The connection to the database was lost.", [], error);
  return new MigrationError("failed", `The database refused to be migrated: ${rootMessage(error)}.`, [], error);
}
