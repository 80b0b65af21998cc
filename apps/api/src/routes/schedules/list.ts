import { listSchedulesQuerySchema, scheduleListSchema } from "@millrace/contract";
import { listSchedules, toScheduleJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/schedules */
export const listSchedulesRoute: Route = {
  method: "get",
  path: "/v1/schedules",
  scope: "jobs:read",
  operationId: "listSchedules",
  tag: "schedules",
  summary: "List schedules by name",
  query: listSchedulesQuerySchema,
  answers: { 200: { description: "A page of schedules.", schema: scheduleListSchema } },
  async handle(c, api) {
    const { schedules, nextCursor } = await listSchedules(ctxOf(c, api), unparsed(readQuery(c)));
    return c.json({ items: schedules.map(toScheduleJson), nextCursor }, 200);
  },
};
