import { verify } from "@millrace/storage/migrate";

import type { MigratorContext } from "../context.ts";
import { exitCodeOfVerification } from "../exit-codes.ts";

/** Prints every way in which the database is not what its migrations made. */
export async function runVerify({ connection, io }: MigratorContext, { json }: { json: boolean }): Promise<number> {
  const found = await verify(connection);
  const lines = found.ok ? ["The database is what its migrations made."] : found.problems.map(({ message }) => message);
  io.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : `${lines.join("\n")}\n`);
  return exitCodeOfVerification(found);
}
