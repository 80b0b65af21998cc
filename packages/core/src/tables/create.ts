import { type CreateTableRequest, createTableRequestSchema, MillraceError, tableLimits } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { audit } from "../audit/audit.ts";
import { requireScope, requireTable } from "../context.ts";
import { parse } from "../parse.ts";
import type { TableCtx } from "./context.ts";
import { toNewTable } from "./definition.ts";
import { toTableJson } from "./table-json.ts";

/** Makes a table. @throws FORBIDDEN also for a name that the key is not bound to, VALIDATION_FAILED, ALREADY_EXISTS, INVALID_STATE where the tenant has too many */
export async function createTable(ctx: TableCtx, input: CreateTableRequest): Promise<EventTable> {
  requireScope(ctx, "tables:admin");
  const request = parse(createTableRequestSchema, input);
  requireTable(ctx, request.name);
  await requireRoom(ctx);
  const table = await ctx.tableStore.createTable(toNewTable(ctx.actor.tenantId, request));
  if (table === undefined) {
    throw new MillraceError("ALREADY_EXISTS", `There is a table ${JSON.stringify(request.name)} already.`);
  }
  ctx.tableCache?.forget(table.tenantId);
  const { columns, primaryKey, schemaMode } = toTableJson(table);
  await audit(ctx, { action: "table.create", target: table.name, detail: { columns, primaryKey, schemaMode } });
  return table;
}

/** Two at the same moment may both find the last place: the limit keeps a tenant from filling the catalogue, no more. */
async function requireRoom(ctx: TableCtx): Promise<void> {
  const names = await ctx.tableStore.namesOf(ctx.actor.tenantId);
  if (names.filter(({ system }) => !system).length < tableLimits.tablesMax) return;
  throw new MillraceError("INVALID_STATE", `A tenant has ${tableLimits.tablesMax} tables at most.`);
}
