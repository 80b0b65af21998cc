import { attemptListSchema } from "@millrace/contract";
import { listAttempts, toAttemptJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** GET /v1/jobs/{id}/attempts */
export const listAttemptsRoute: Route = {
  method: "get",
  path: "/v1/jobs/{id}/attempts",
  scope: "jobs:read",
  operationId: "listAttempts",
  tag: "jobs",
  summary: "The attempts at a job, oldest first",
  description:
    "The newest 500 that ended within the last 30 days, and the one that runs or completed the job. An attempt that was snoozed or released is given back, so the next one has its number again.",
  answers: { 200: { description: "The attempts.", schema: attemptListSchema } },
  errors: ["JOB_NOT_FOUND"],
  async handle(c, api) {
    const attempts = await listAttempts(ctxOf(c, api), { id: paramOf(c, "id") });
    return c.json({ items: attempts.map(toAttemptJson) }, 200);
  },
};
