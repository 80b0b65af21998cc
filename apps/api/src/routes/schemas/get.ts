import { getPayloadSchemaQuerySchema, payloadSchemaSchema } from "@millrace/contract";
import { getPayloadSchema, toPayloadSchemaJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/schemas/{type} */
export const getSchemaRoute: Route = {
  method: "get",
  path: "/v1/schemas/{type}",
  scope: "jobs:read",
  operationId: "getSchema",
  tag: "schemas",
  summary: "Get the payload schema of a job type",
  description: "The one in force, or any version that there ever was. A `/` in the type is written `%2F`.",
  query: getPayloadSchemaQuerySchema,
  answers: { 200: { description: "The schema.", schema: payloadSchemaSchema } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    const found = await getPayloadSchema(ctxOf(c, api), { type: paramOf(c, "type"), query: unparsed(readQuery(c)) });
    return c.json(toPayloadSchemaJson(found), 200);
  },
};
