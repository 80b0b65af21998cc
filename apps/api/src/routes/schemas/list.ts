import { listPayloadSchemasQuerySchema, payloadSchemaListSchema } from "@millrace/contract";
import { listPayloadSchemas, toListedPayloadSchemaJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/schemas */
export const listSchemasRoute: Route = {
  method: "get",
  path: "/v1/schemas",
  scope: "jobs:read",
  operationId: "listSchemas",
  tag: "schemas",
  summary: "List the payload schemas in force by job type",
  query: listPayloadSchemasQuerySchema,
  answers: {
    200: { description: "A page of schemas, without the schemas themselves.", schema: payloadSchemaListSchema },
  },
  async handle(c, api) {
    const { schemas, nextCursor } = await listPayloadSchemas(ctxOf(c, api), unparsed(readQuery(c)));
    return c.json({ items: schemas.map(toListedPayloadSchemaJson), nextCursor }, 200);
  },
};
