import { getScheduleQuerySchema, scheduleWithRunsSchema } from "@millrace/contract";
import { getSchedule, toScheduleWithRunsJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/schedules/{name} */
export const getScheduleRoute: Route = {
  method: "get",
  path: "/v1/schedules/{name}",
  scope: "jobs:read",
  operationId: "getSchedule",
  tag: "schedules",
  summary: "Get a schedule with its next runs",
  description: "A `/` in its name is written `%2F`.",
  query: getScheduleQuerySchema,
  answers: { 200: { description: "The schedule.", schema: scheduleWithRunsSchema } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    const found = await getSchedule(ctxOf(c, api), { name: paramOf(c, "name"), query: unparsed(readQuery(c)) });
    return c.json(toScheduleWithRunsJson(found), 200);
  },
};
