import { listTablesQuerySchema, tableListSchema } from "@millrace/contract";
import { listTables, toTableJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/tables */
export const listTablesRoute: Route = {
  method: "get",
  path: "/v1/tables",
  scope: "tables:admin",
  otherScopes: ["query:read", "events:write"],
  operationId: "listTables",
  tag: "tables",
  summary: "List tables by name",
  query: listTablesQuerySchema,
  answers: { 200: { description: "A page of tables.", schema: tableListSchema } },
  async handle(c, api) {
    const { tables, nextCursor } = await listTables(ctxOf(c, api), unparsed(readQuery(c)));
    return c.json({ items: tables.map(toTableJson), nextCursor }, 200);
  },
};
