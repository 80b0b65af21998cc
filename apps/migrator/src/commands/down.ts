import { down } from "@millrace/storage/migrate";

import type { MigratorContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { logEvent } from "../log-event.ts";

export interface DownInput {
  readonly to: number;
  readonly allowDataLoss: boolean;
  readonly lockWaitMs: number;
}

/** Undoes what is newer than `to` and logs each migration. */
export async function runDown({ connection, logger, io }: MigratorContext, input: DownInput): Promise<number> {
  const undone = await down({ ...connection, ...input, signal: io.signal, log: logEvent(logger, "down") });
  const message = undone.length === 0 ? "there was nothing to undo" : "the database is back at an earlier version";
  logger.info({ migrations: undone, count: undone.length, direction: "down", version: input.to }, message);
  return exitCodes.ok;
}
