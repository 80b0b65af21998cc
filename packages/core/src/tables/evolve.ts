import { MillraceError, type NewColumn, updateTableRequestSchema } from "@millrace/contract";
import type { EventTable, TableStore } from "@millrace/storage";

import { audit } from "../audit/audit.ts";
import type { Ctx } from "../context.ts";
import { parse } from "../parse.ts";
import { applyChange } from "./apply-change.ts";
import { tableNotFound } from "./context.ts";

/** How often to try again when others add columns at that very moment. */
const triesMax = 50;

export interface EvolveCtx extends Pick<Ctx, "audit"> {
  readonly tableStore: Pick<TableStore, "changeTable" | "tableById">;
}

/**
 * Adds columns to a table whose mode is `evolve`, but for those that it has by now: of several that add one name, the first decides its type
 * and all answer the same table. Who may write events may do it: the table's mode allows it. @throws SCHEMA_INCOMPATIBLE, TABLE_NOT_FOUND, UNAVAILABLE
 */
export async function evolveTable(
  ctx: EvolveCtx,
  input: { readonly table: EventTable; readonly columns: readonly NewColumn[] },
): Promise<EventTable> {
  const { addColumns = [] } = parse(updateTableRequestSchema.pick({ addColumns: true }), { addColumns: input.columns });
  let { table } = input;
  for (let tries = 0; tries < triesMax; tries++) {
    const names = new Set(table.columns.map(({ name }) => name.toLowerCase()));
    const missing = addColumns.filter(({ name }) => !names.has(name.toLowerCase()));
    if (missing.length === 0 || table.schemaMode !== "evolve") return table;
    const to = applyChange(table, { addColumns: missing });
    const changed = await ctx.tableStore.changeTable({ tableId: table.tableId, from: table, to });
    if (changed !== undefined) {
      const detail = { addColumns: missing, version: changed.version, evolved: true };
      // The table's mode decides this, not who happens to send the first record: the entry says that the process did it.
      const actor = { tenantId: changed.tenantId, scopes: [] };
      await audit({ ...ctx, actor }, { action: "table.change", target: changed.name, detail });
      return changed;
    }
    const now = await ctx.tableStore.tableById(table.tableId);
    if (now === undefined || now.dropped) throw tableNotFound(table.name);
    const { dropped: _, ...live } = now;
    table = live;
  }
  throw new MillraceError("UNAVAILABLE", "The table keeps changing; try again.", { retryAfterMs: 100 });
}
