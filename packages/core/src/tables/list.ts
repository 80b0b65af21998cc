import { type ListTablesQuery, listTablesQuerySchema } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { requireOneScope } from "../context.ts";
import { decodeNameCursor, encodeNameCursor } from "../cursor.ts";
import { parse } from "../parse.ts";
import { type TableCtx, tableReadScopes } from "./context.ts";

export interface TableList {
  readonly tables: readonly EventTable[];
  readonly nextCursor: string | null;
}

/** A page of the tenant's tables by name, the system's included; a key sees those that it is bound to. @throws FORBIDDEN, VALIDATION_FAILED */
export async function listTables(ctx: TableCtx, input: ListTablesQuery): Promise<TableList> {
  requireOneScope(ctx, tableReadScopes);
  const { limit, cursor } = parse(listTablesQuerySchema, input);
  const filter = { list: "tables" };
  const found = await ctx.tableStore.listTables({
    tenantId: ctx.actor.tenantId,
    names: ctx.actor.tables,
    after: cursor === undefined ? undefined : decodeNameCursor(cursor, filter),
    limit: limit + 1,
  });
  const tables = found.slice(0, limit);
  const last = tables.at(-1);
  return {
    tables,
    nextCursor: found.length > limit && last !== undefined ? encodeNameCursor(last.name, filter) : null,
  };
}
