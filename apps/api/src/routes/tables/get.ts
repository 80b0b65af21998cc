import { getTableQuerySchema, tableVersionSchema } from "@millrace/contract";
import { getTable, toTableVersionJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/tables/{table} */
export const getTableRoute: Route = {
  method: "get",
  path: "/v1/tables/{table}",
  scope: "tables:admin",
  otherScopes: ["query:read", "events:write"],
  operationId: "getTable",
  tag: "tables",
  summary: "Get a table",
  description: "With `version` the columns are those of that version, from 1 to `latestVersion`.",
  query: getTableQuerySchema,
  answers: { 200: { description: "The table.", schema: tableVersionSchema } },
  errors: ["TABLE_NOT_FOUND"],
  async handle(c, api) {
    const found = await getTable(ctxOf(c, api), { name: paramOf(c, "table"), query: unparsed(readQuery(c)) });
    return c.json(toTableVersionJson(found), 200);
  },
};
