import { isDeepStrictEqual } from "node:util";

import { MillraceError, type UpdateTableRequest, updateTableRequestSchema } from "@millrace/contract";
import type { EventTable, TableChange } from "@millrace/storage";

import { audit } from "../audit/audit.ts";
import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { applyChange } from "./apply-change.ts";
import { findChangeable, type TableCtx } from "./context.ts";

/** How often to try again when the table is changed at that very moment. */
const triesMax = 20;

/**
 * Changes a table: all of the request or nothing. Of two changes at once the second is applied to what the first has left.
 * @throws FORBIDDEN, VALIDATION_FAILED, TABLE_NOT_FOUND, SCHEMA_INCOMPATIBLE with the reason, INVALID_STATE for another version than `ifVersion` and for tables of the system
 */
export async function updateTable(
  ctx: TableCtx,
  input: { readonly name: string; readonly request: UpdateTableRequest },
): Promise<EventTable> {
  requireScope(ctx, "tables:admin");
  const update = parse(updateTableRequestSchema, input.request);
  for (let tries = 0; tries < triesMax; tries++) {
    const table = await findChangeable(ctx, input.name);
    if (update.ifVersion !== undefined && update.ifVersion !== table.version) {
      throw new MillraceError(
        "INVALID_STATE",
        `The table is at version ${table.version}, not at ${update.ifVersion}.`,
        {
          extensions: { version: table.version },
        },
      );
    }
    const to = applyChange(table, update);
    if (isSame(table, to)) return table;
    const changed = await ctx.tableStore.changeTable({ tableId: table.tableId, from: table, to });
    if (changed === undefined) continue;
    ctx.tableCache?.forget(changed.tenantId);
    await audit(ctx, { action: "table.change", target: changed.name, detail: { ...update, version: changed.version } });
    return changed;
  }
  throw new MillraceError("UNAVAILABLE", "The table keeps changing; try again.", { retryAfterMs: 100 });
}

function isSame(table: EventTable, to: TableChange["to"]): boolean {
  const { name, columns, schemaMode, sortBy, partitionBy, retentionDays, nextFieldId } = table;
  return isDeepStrictEqual({ name, columns, schemaMode, sortBy, partitionBy, retentionDays, nextFieldId }, to);
}
