import { type GetTableQuery, getTableQuerySchema, MillraceError, type TableVersionJson } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { requireOneScope } from "../context.ts";
import { parse } from "../parse.ts";
import { findVisible, type TableCtx, tableReadScopes } from "./context.ts";
import { toTableJson } from "./table-json.ts";

/** A table with the columns of one of its versions. */
export interface TableVersion {
  readonly table: EventTable;
  readonly latestVersion: number;
}

/** The table, with the columns that are in force or those of another version. @throws FORBIDDEN, VALIDATION_FAILED, TABLE_NOT_FOUND */
export async function getTable(
  ctx: TableCtx,
  input: { readonly name: string; readonly query?: GetTableQuery },
): Promise<TableVersion> {
  requireOneScope(ctx, tableReadScopes);
  const { version } = parse(getTableQuerySchema, input.query ?? {});
  const table = await findVisible(ctx, input.name);
  const latestVersion = table.version;
  if (version === undefined || version === latestVersion) return { table, latestVersion };
  const columns = await ctx.tableStore.columnsOf(table.tableId, version);
  if (columns === undefined) {
    throw new MillraceError("TABLE_NOT_FOUND", `The table ${input.name} has no version ${version}.`);
  }
  return { table: { ...table, version, columns }, latestVersion };
}

/** A version of a table as JSON shows it. */
export function toTableVersionJson({ table, latestVersion }: TableVersion): TableVersionJson {
  return { ...toTableJson(table), latestVersion };
}
