import { type DeadLetterListJson, type ListDeadLettersQuery, listDeadLettersQuerySchema } from "@millrace/contract";

import { requireScope, requireTable } from "../../context.ts";
import { decodeCursor, encodeCursor } from "../../cursor.ts";
import { parse } from "../../parse.ts";
import type { DeadLetterCtx } from "./context.ts";
import { deadLetterSummaryJson } from "./dead-letter-json.ts";

/** A page of the tenant's dead letters, newest first. @throws FORBIDDEN, VALIDATION_FAILED */
export async function listDeadLetters(ctx: DeadLetterCtx, input: ListDeadLettersQuery): Promise<DeadLetterListJson> {
  requireScope(ctx, "ops:admin");
  const { limit, cursor, table } = parse(listDeadLettersQuerySchema, input);
  if (table !== undefined) requireTable(ctx, table);
  const filter = { list: "dead-letters", table };
  const found = await ctx.deadLetters.listDeadLetters({
    tenantId: ctx.actor.tenantId,
    tables: table === undefined ? ctx.actor.tables : [table],
    limit: limit + 1,
    beforeId: cursor === undefined ? undefined : decodeCursor(cursor, filter),
  });
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return {
    items: page.map(deadLetterSummaryJson),
    nextCursor: last === undefined ? null : encodeCursor(last.id, filter),
  };
}
