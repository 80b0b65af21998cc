import { MillraceError, type Scope } from "@millrace/contract";
import type { EventTable, TableRef, TableStore } from "@millrace/storage";

import type { Ctx } from "../context.ts";
import type { TableCache } from "./table-cache.ts";

/** What the use cases of tables need besides. */
export interface TableCtx extends Ctx {
  readonly tableStore: TableStore;
  /** What this process remembers of tables: its own changes are seen by its next request. */
  readonly tableCache?: Pick<TableCache, "forget"> | undefined;
}

/** Each of these lets a key read tables: whoever writes or queries one has to know its columns. */
export const tableReadScopes: readonly Scope[] = ["tables:admin", "query:read", "events:write"];

/** What names a table in the store. */
export function tableRef(ctx: Pick<Ctx, "actor">, name: string): TableRef {
  return { tenantId: ctx.actor.tenantId, name };
}

const namePattern = /^[a-z][a-z0-9_.]{0,127}$/;

/** The table. One that the key is not bound to does not exist for it. @throws TABLE_NOT_FOUND */
export async function findVisible(ctx: TableCtx, name: string): Promise<EventTable> {
  // Text that can't be a name need not be asked for: some of it, such as a NUL, the database would refuse.
  if (!namePattern.test(name) || ctx.actor.tables?.includes(name) === false) throw tableNotFound(name);
  const table = await ctx.tableStore.findTable(tableRef(ctx, name));
  if (table === undefined) throw tableNotFound(name);
  return table;
}

/** The same for somebody who wants to change it. @throws TABLE_NOT_FOUND, INVALID_STATE for a table of the system */
export async function findChangeable(ctx: TableCtx, name: string): Promise<EventTable> {
  const table = await findVisible(ctx, name);
  if (!table.system) return table;
  throw new MillraceError("INVALID_STATE", `The table ${name} is Millrace's own: it can be read, not changed.`);
}

/** The error for a table that is not there, for whoever asks. */
export function tableNotFound(name: string): MillraceError {
  const isName = namePattern.test(name);
  return new MillraceError("TABLE_NOT_FOUND", isName ? `There is no table ${name}.` : "There is no such table.");
}
