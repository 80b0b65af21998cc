import { MillraceError, tableNameSchema } from "@millrace/contract";

import { tableNotFound } from "../tables/context.ts";
import type { IngestCtx, IngestTarget } from "./context.ts";

/** What no tenant can call a table of its own. */
const systemTable = /^system\.[a-z_]+$/;

/**
 * The table that somebody sends records for. One that the key is not bound to does not exist for it.
 * @throws TABLE_NOT_FOUND, INVALID_STATE for a table of the system
 */
export async function findTarget(ctx: IngestCtx, name: string): Promise<IngestTarget> {
  const { tenantId, tables } = ctx.actor;
  if (systemTable.test(name) && tables?.includes(name) !== false) {
    throw new MillraceError("INVALID_STATE", `The table ${name} is Millrace's own: it can be read, not written.`);
  }
  // Text that can't be a name need not be asked for: some of it, such as a NUL, the database would refuse.
  const isVisible = tableNameSchema.safeParse(name).success && tables?.includes(name) !== false;
  const target = isVisible ? await ctx.tables.find(tenantId, name) : undefined;
  if (target === undefined) throw tableNotFound(name);
  return target;
}
