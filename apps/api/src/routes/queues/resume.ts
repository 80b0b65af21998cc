import { queueDetailsSchema } from "@millrace/contract";
import { resumeQueue, toQueueDetailsJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readNothing } from "../../http/read-nothing.ts";
import type { Route } from "../../http/route.ts";

/** POST /v1/queues/{queue}/resume */
export const resumeQueueRoute: Route = {
  method: "post",
  path: "/v1/queues/{queue}/resume",
  scope: "queues:admin",
  operationId: "resumeQueue",
  tag: "queues",
  summary: "Resume a queue",
  description: "Its jobs can be claimed again, and workers that wait are woken. Again changes nothing.",
  answers: { 200: { description: "The queue.", schema: queueDetailsSchema } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    await readNothing(c, api);
    return c.json(toQueueDetailsJson(await resumeQueue(ctxOf(c, api), { queue: paramOf(c, "queue") })), 200);
  },
};
