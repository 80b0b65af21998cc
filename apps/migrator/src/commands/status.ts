import { status } from "@millrace/storage/migrate";

import type { MigratorContext } from "../context.ts";
import { exitCodeOfStatus, exitCodes } from "../exit-codes.ts";
import { formatStatus } from "../format-status.ts";

export interface StatusInput {
  readonly json: boolean;
  /** Answer by the exit code too. */
  readonly check: boolean;
}

/** Prints each migration and its state. */
export async function runStatus({ connection, io }: MigratorContext, { json, check }: StatusInput): Promise<number> {
  const found = await status(connection);
  io.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : formatStatus(found));
  return check ? exitCodeOfStatus(found) : exitCodes.ok;
}
