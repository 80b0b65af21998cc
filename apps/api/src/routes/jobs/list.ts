import { jobListSchema, listJobsQuerySchema } from "@millrace/contract";
import { listJobs, toJobJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/jobs */
export const listJobsRoute: Route = {
  method: "get",
  path: "/v1/jobs",
  scope: "jobs:read",
  operationId: "listJobs",
  tag: "jobs",
  summary: "List jobs, newest first",
  description: "A page may be shorter than `limit` while `nextCursor` is set: it examines a bounded number of jobs.",
  query: listJobsQuerySchema,
  answers: { 200: { description: "A page of jobs.", schema: jobListSchema } },
  async handle(c, api) {
    const { jobs, nextCursor } = await listJobs(ctxOf(c, api), unparsed(readQuery(c)));
    return c.json({ items: jobs.map(toJobJson), nextCursor }, 200);
  },
};
