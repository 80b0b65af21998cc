import { tableSchema, updateTableRequestSchema } from "@millrace/contract";
import { toTableJson, updateTable } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** PATCH /v1/tables/{table} */
export const updateTableRoute: Route = {
  method: "patch",
  path: "/v1/tables/{table}",
  scope: "tables:admin",
  operationId: "updateTable",
  tag: "tables",
  summary: "Change a table",
  description:
    "All of the change happens or nothing. Columns that differ make a new version. Columns are dropped, renamed, widened and added, in this order; `dropColumns`, `renameColumns` and `widenColumns` call them as they are called before the change.",
  body: { schema: updateTableRequestSchema, required: true },
  answers: { 200: { description: "The table after the change.", schema: tableSchema } },
  errors: ["TABLE_NOT_FOUND", "SCHEMA_INCOMPATIBLE", "INVALID_STATE"],
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    const table = await updateTable(ctxOf(c, api), { name: paramOf(c, "table"), request: unparsed(body) });
    return c.json(toTableJson(table), 200);
  },
};
