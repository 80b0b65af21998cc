import { deadLetterSchema } from "@millrace/contract";
import { getDeadLetter } from "@millrace/core";

import { ingestCtxOf } from "../../http/ingest-ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** GET /v1/dead-letters/{id} */
export const getDeadLetterRoute: Route = {
  method: "get",
  path: "/v1/dead-letters/{id}",
  scope: "ops:admin",
  operationId: "getDeadLetter",
  tag: "events",
  summary: "Get a dead letter with its payload",
  answers: {
    200: { description: "The event as it was accepted, and what is wrong with it.", schema: deadLetterSchema },
  },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    return c.json(await getDeadLetter(ingestCtxOf(c, api), { id: paramOf(c, "id") }));
  },
};
