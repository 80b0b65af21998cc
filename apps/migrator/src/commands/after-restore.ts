import { createDatabase, jumpHeads } from "@millrace/storage";

import type { MigratorContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";

/** Makes a database that was restored to an earlier point fit to work on. @throws MillraceError */
export async function runAfterRestore({ connection, io }: MigratorContext): Promise<number> {
  const db = createDatabase(connection);
  try {
    const tenants = await jumpHeads(db);
    io.stdout.write(
      `The logs and lakes of ${tenants} tenants go on far ahead of what was ever given out. ` +
        "No object is deleted until every tenant's files were checked: POST /v1/maintenance/integrity.\n",
    );
    return exitCodes.ok;
  } finally {
    await db.close();
  }
}
