import { queueListSchema } from "@millrace/contract";
import { listQueues, toQueueJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import type { Route } from "../../http/route.ts";

/** GET /v1/queues */
export const listQueuesRoute: Route = {
  method: "get",
  path: "/v1/queues",
  scope: "jobs:read",
  operationId: "listQueues",
  tag: "queues",
  summary: "List queues with their counts",
  description: "All of them in one page, by name. A count named in `capped` stopped at its bound.",
  answers: { 200: { description: "The queues.", schema: queueListSchema } },
  async handle(c, api) {
    const queues = await listQueues(ctxOf(c, api));
    return c.json({ items: queues.map(toQueueJson), nextCursor: null }, 200);
  },
};
