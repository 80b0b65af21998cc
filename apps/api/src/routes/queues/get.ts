import { queueSchema } from "@millrace/contract";
import { getQueue, toQueueJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** GET /v1/queues/{queue} */
export const getQueueRoute: Route = {
  method: "get",
  path: "/v1/queues/{queue}",
  scope: "jobs:read",
  operationId: "getQueue",
  tag: "queues",
  summary: "Get a queue with its counts",
  description: "A `/` in its name is written `%2F`.",
  answers: { 200: { description: "The queue.", schema: queueSchema } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    return c.json(toQueueJson(await getQueue(ctxOf(c, api), { queue: paramOf(c, "queue") })), 200);
  },
};
