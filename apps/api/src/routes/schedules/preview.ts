import { previewScheduleRequestSchema, previewSchema } from "@millrace/contract";
import { previewSchedule } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/schedules/preview */
export const previewScheduleRoute: Route = {
  method: "post",
  path: "/v1/schedules/preview",
  scope: "jobs:read",
  operationId: "previewSchedule",
  tag: "schedules",
  summary: "See when a cron expression fires",
  description: "Nothing is stored.",
  body: { schema: previewScheduleRequestSchema, required: true },
  answers: { 200: { description: "The next runs.", schema: previewSchema } },
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    const nextRuns = previewSchedule(ctxOf(c, api), unparsed(body));
    return c.json({ nextRuns: nextRuns.map((at) => at.toISOString()) }, 200);
  },
};
