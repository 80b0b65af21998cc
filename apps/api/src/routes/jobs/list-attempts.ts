import { attemptListSchema, listAttemptsQuerySchema } from "@millrace/contract";
import { listAttempts, toAttemptJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/jobs/{id}/attempts */
export const listAttemptsRoute: Route = {
  method: "get",
  path: "/v1/jobs/{id}/attempts",
  scope: "jobs:read",
  operationId: "listAttempts",
  tag: "jobs",
  summary: "The attempts at a job, oldest first",
  description:
    "Those that ended within the last 30 days, and the one that runs or completed the job. An attempt that was snoozed or released is given back, so the next one has its number again.",
  query: listAttemptsQuerySchema,
  answers: { 200: { description: "A page of attempts.", schema: attemptListSchema } },
  errors: ["JOB_NOT_FOUND"],
  async handle(c, api) {
    const { attempts, nextCursor } = await listAttempts(ctxOf(c, api), {
      id: paramOf(c, "id"),
      query: unparsed(readQuery(c)),
    });
    return c.json({ items: attempts.map(toAttemptJson), nextCursor }, 200);
  },
};
