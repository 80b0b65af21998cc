import { queueDetailsSchema } from "@millrace/contract";
import { pauseQueue, toQueueDetailsJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readNothing } from "../../http/read-nothing.ts";
import type { Route } from "../../http/route.ts";

/** POST /v1/queues/{queue}/pause */
export const pauseQueueRoute: Route = {
  method: "post",
  path: "/v1/queues/{queue}/pause",
  scope: "queues:admin",
  operationId: "pauseQueue",
  tag: "queues",
  summary: "Pause a queue",
  description:
    "No claim that begins after the answer takes a job of it; jobs that run go on, and new ones are taken in. Again changes nothing.",
  answers: { 200: { description: "The paused queue.", schema: queueDetailsSchema } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    await readNothing(c, api);
    return c.json(toQueueDetailsJson(await pauseQueue(ctxOf(c, api), { queue: paramOf(c, "queue") })), 200);
  },
};
