import { deletePayloadSchema } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** DELETE /v1/schemas/{type} */
export const deleteSchemaRoute: Route = {
  method: "delete",
  path: "/v1/schemas/{type}",
  scope: "queues:admin",
  operationId: "deleteSchema",
  tag: "schemas",
  summary: "Take a payload schema out of force",
  description:
    "From a second later at the latest, payloads of this type are no longer checked. Its versions can be read on.",
  answers: { 204: { description: "No schema is in force." } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    await deletePayloadSchema(ctxOf(c, api), { type: paramOf(c, "type") });
    return c.body(null, 204);
  },
};
