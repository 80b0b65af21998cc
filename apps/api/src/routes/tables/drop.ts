import { dropTable } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** DELETE /v1/tables/{table} */
export const dropTableRoute: Route = {
  method: "delete",
  path: "/v1/tables/{table}",
  scope: "tables:admin",
  operationId: "deleteTable",
  tag: "tables",
  summary: "Drop a table",
  description:
    "It takes no more events, and its name is free. Snapshots that hold its rows stay readable until they expire.",
  answers: { 204: { description: "The table is gone." } },
  errors: ["TABLE_NOT_FOUND", "INVALID_STATE"],
  async handle(c, api) {
    await dropTable(ctxOf(c, api), { name: paramOf(c, "table") });
    return c.body(null, 204);
  },
};
