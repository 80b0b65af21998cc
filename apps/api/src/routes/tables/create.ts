import { createTableRequestSchema, tableSchema } from "@millrace/contract";
import { createTable, toTableJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/tables */
export const createTableRoute: Route = {
  method: "post",
  path: "/v1/tables",
  scope: "tables:admin",
  operationId: "createTable",
  tag: "tables",
  summary: "Make a table",
  description:
    'Types: `boolean`, `int32`, `int64`, `float64`, `decimal(p,s)`, `varchar`, `timestamp`, `date`, `uuid`, `json`, `{ "list": type }` and `{ "struct": [{ "name", "type" }] }`. With a primary key records can be upserted and deleted, without one they are inserted.',
  body: { schema: createTableRequestSchema, required: true },
  answers: {
    201: { description: "The table.", schema: tableSchema, headers: { Location: "The path of the table." } },
  },
  errors: ["ALREADY_EXISTS", "INVALID_STATE"],
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    const table = await createTable(ctxOf(c, api), unparsed(body));
    c.header("Location", `/v1/tables/${table.name}`);
    return c.json(toTableJson(table), 201);
  },
};
