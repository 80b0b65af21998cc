import { listQueuesQuerySchema, queueListSchema } from "@millrace/contract";
import { listQueues, toQueueJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/queues */
export const listQueuesRoute: Route = {
  method: "get",
  path: "/v1/queues",
  scope: "jobs:read",
  operationId: "listQueues",
  tag: "queues",
  summary: "List queues with their counts",
  description: "By name. A count named in `capped` stopped at its bound.",
  query: listQueuesQuerySchema,
  answers: { 200: { description: "A page of queues.", schema: queueListSchema } },
  async handle(c, api) {
    const { queues, nextCursor } = await listQueues(ctxOf(c, api), unparsed(readQuery(c)));
    return c.json({ items: queues.map(toQueueJson), nextCursor }, 200);
  },
};
