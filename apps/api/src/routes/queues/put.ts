import { queueDetailsSchema, queueSettingsRequestSchema } from "@millrace/contract";
import { putQueue, toQueueDetailsJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** PUT /v1/queues/{queue} */
export const putQueueRoute: Route = {
  method: "put",
  path: "/v1/queues/{queue}",
  scope: "queues:admin",
  operationId: "putQueue",
  tag: "queues",
  summary: "Set the limits of a queue",
  description:
    "Replaces all settings: what is absent is unlimited or has its default. Whether the queue is paused stays as it is. Limits bind claims that begin " +
    "afterwards; jobs that run already go on. A queue that never had a job is made.",
  body: { schema: queueSettingsRequestSchema, required: true },
  answers: { 200: { description: "The queue with its new settings.", schema: queueDetailsSchema } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    const settings = await readJson(c, api.limits.bodyBytesMax);
    const queue = await putQueue(ctxOf(c, api), { queue: paramOf(c, "queue"), settings: unparsed(settings) });
    return c.json(toQueueDetailsJson(queue), 200);
  },
};
