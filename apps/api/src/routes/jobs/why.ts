import { whySchema } from "@millrace/contract";
import { whyJob } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** GET /v1/jobs/{id}/why */
export const whyJobRoute: Route = {
  method: "get",
  path: "/v1/jobs/{id}/why",
  scope: "jobs:read",
  operationId: "whyJob",
  tag: "jobs",
  summary: "Why a job isn't running yet",
  description:
    "Every reason that holds at this moment: not due, its queue paused or at a limit, its concurrency key saturated, other jobs that it waits for, no worker for it, others before it; or that it runs, or is finished.",
  answers: { 200: { description: "The job's state and the reasons for it.", schema: whySchema } },
  errors: ["JOB_NOT_FOUND"],
  async handle(c, api) {
    return c.json(await whyJob(ctxOf(c, api), { id: paramOf(c, "id") }), 200);
  },
};
