import { putPayloadSchemaRequestSchema, putPayloadSchemaResponseSchema } from "@millrace/contract";
import { putPayloadSchema } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** PUT /v1/schemas/{type} */
export const putSchemaRoute: Route = {
  method: "put",
  path: "/v1/schemas/{type}",
  scope: "queues:admin",
  operationId: "putSchema",
  tag: "schemas",
  summary: "Put a payload schema in force",
  description:
    "From a second later at the latest, every payload of this type that is enqueued or changed, or written into a schedule, has to fit it; jobs that are " +
    "there already run as they are. The same schema again keeps its version, another one gets the next. JSON Schema draft 2020-12, or draft-07 where " +
    "`$schema` says so.",
  body: { schema: putPayloadSchemaRequestSchema, required: true },
  answers: {
    200: { description: "The version that is in force already.", schema: putPayloadSchemaResponseSchema },
    201: { description: "The version in force, which is new.", schema: putPayloadSchemaResponseSchema },
  },
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    const answer = await putPayloadSchema(ctxOf(c, api), { type: paramOf(c, "type"), request: unparsed(body) });
    return c.json(answer, answer.created ? 201 : 200);
  },
};
