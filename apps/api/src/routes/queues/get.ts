import { queueDetailsSchema } from "@millrace/contract";
import { getQueue, toQueueDetailsJson } from "@millrace/core";

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
  summary: "Get a queue with its counts and settings",
  description: "A `/` in its name is written `%2F`.",
  answers: { 200: { description: "The queue.", schema: queueDetailsSchema } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    return c.json(toQueueDetailsJson(await getQueue(ctxOf(c, api), { queue: paramOf(c, "queue") })), 200);
  },
};
