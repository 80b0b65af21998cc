import { up } from "@millrace/storage/migrate";

import type { MigratorContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { logEvent } from "../log-event.ts";

export interface UpInput {
  readonly to: number | undefined;
  readonly lockWaitMs: number;
}

/** Applies what is pending and logs each migration. */
export async function runUp({ connection, logger, io }: MigratorContext, { to, lockWaitMs }: UpInput): Promise<number> {
  const applied = await up({
    ...connection,
    ...(to === undefined ? {} : { to }),
    lockWaitMs,
    signal: io.signal,
    log: logEvent(logger, "up"),
  });
  const message = applied.length === 0 ? "the database is up to date" : "the database is migrated";
  logger.info({ migrations: applied, count: applied.length, direction: "up" }, message);
  return exitCodes.ok;
}
