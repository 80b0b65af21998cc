import { MillraceError } from "@millrace/contract";

import { requireTable } from "../context.ts";
import type { IngestCtx, IngestTarget } from "./context.ts";

/** The table that somebody sends records for. @throws FORBIDDEN, TABLE_NOT_FOUND */
export async function findTarget(ctx: IngestCtx, name: string): Promise<IngestTarget> {
  requireTable(ctx, name);
  const target = await ctx.tables.find(ctx.actor.tenantId, name);
  if (target === undefined) throw new MillraceError("TABLE_NOT_FOUND", "There is no table of this name.");
  if (target.table.system)
    throw new MillraceError("FORBIDDEN", "Only Millrace itself writes the tables of the system.");
  return target;
}
