import { plan } from "@millrace/storage/migrate";

import type { MigratorContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";

/** Prints the SQL that `up` would run, as one script. */
export async function runPlan(
  { connection, io }: MigratorContext,
  { to }: { to: number | undefined },
): Promise<number> {
  const { sql } = await plan({ ...connection, ...(to === undefined ? {} : { to }) });
  io.stdout.write(sql === "" ? "-- nothing is pending\n" : sql);
  return exitCodes.ok;
}
