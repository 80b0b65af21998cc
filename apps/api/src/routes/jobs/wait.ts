import { isTerminal, jobSchema, type WaitForJobQuery, waitForJobQuerySchema } from "@millrace/contract";
import { toJobJson, waitForJob } from "@millrace/core";

import { checkKeyAgain } from "../../http/check-key-again.ts";
import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";
import { tenantWaitersMax, waitersMaxDefault } from "../../http/waiters.ts";

/** GET /v1/jobs/{id}/wait */
export const waitForJobRoute: Route = {
  method: "get",
  path: "/v1/jobs/{id}/wait",
  scope: "jobs:read",
  operationId: "waitForJob",
  tag: "jobs",
  summary: "Wait until a job is finished",
  description: `A process holds at most ${waitersMaxDefault} waits at a time, ${tenantWaitersMax(waitersMaxDefault)} of them of one tenant; one more is a 429. A process that is about to stop answers a 503 where it would have to wait.`,
  query: waitForJobQuerySchema,
  answers: {
    200: { description: "The job, finished: completed, dead or cancelled.", schema: jobSchema },
    202: {
      description: "The job as it stands; the time is over, or the server is stopping. Ask again.",
      schema: jobSchema,
    },
  },
  errors: ["JOB_NOT_FOUND", "RATE_LIMITED"],
  async handle(c, api) {
    const input = { id: paramOf(c, "id"), query: unparsed<WaitForJobQuery>(readQuery(c)) };
    const job = await api.waiters.wait(c, (signal) => waitForJob(ctxOf(c, api, signal), input));
    await checkKeyAgain(c, api);
    return c.json(toJobJson(job), isTerminal(job.status) ? 200 : 202);
  },
};
