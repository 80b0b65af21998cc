import { audit } from "../audit/audit.ts";
import { requireScope } from "../context.ts";
import { findChangeable, type TableCtx, tableNotFound, tableRef } from "./context.ts";

/** Drops a table: it takes no more events, and its name is free. @throws FORBIDDEN, TABLE_NOT_FOUND, INVALID_STATE for tables of the system */
export async function dropTable(ctx: TableCtx, input: { readonly name: string }): Promise<void> {
  requireScope(ctx, "tables:admin");
  await findChangeable(ctx, input.name);
  const dropped = await ctx.tableStore.dropTable(tableRef(ctx, input.name));
  if (dropped === undefined) throw tableNotFound(input.name);
  ctx.tableCache?.forget(dropped.tenantId);
  await audit(ctx, { action: "table.drop", target: dropped.name, detail: { version: dropped.version } });
}
