import { discardDeadLetter } from "@millrace/core";

import { ingestCtxOf } from "../../http/ingest-ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** DELETE /v1/dead-letters/{id} */
export const discardDeadLetterRoute: Route = {
  method: "delete",
  path: "/v1/dead-letters/{id}",
  scope: "ops:admin",
  operationId: "discardDeadLetter",
  tag: "events",
  summary: "Throw a dead letter away",
  answers: { 204: { description: "It is gone." } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    await discardDeadLetter(ingestCtxOf(c, api), { id: paramOf(c, "id") });
    return c.body(null, 204);
  },
};
