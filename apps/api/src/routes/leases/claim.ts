import { claimRequestSchema, claimResponseSchema } from "@millrace/contract";
import { chunkJobsMax, claimBytesMax, claimJobs, toClaimJson } from "@millrace/core";

import { leaseCtxOf } from "../../http/lease-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";
import { claimWaitersMaxDefault, tenantWaitersMax } from "../../http/waiters.ts";
import { whenUndelivered } from "../../http/when-undelivered.ts";

/** POST /v1/leases/claim */
export const claimJobsRoute: Route = {
  method: "post",
  path: "/v1/leases/claim",
  scope: "jobs:work",
  operationId: "claimJobs",
  tag: "leases",
  summary: "Claim jobs to work on",
  description: `Answers with the best jobs of the queues, up to \`limit\`, each with a lease token. They may be fewer than there are: beyond ${claimBytesMax / (1024 * 1024)} MiB of jobs at most ${chunkJobsMax} more are given. Where there are none it waits for up to \`waitMs\` and answers as soon as there are some. A process holds at most ${claimWaitersMaxDefault} waiting claims at a time, ${tenantWaitersMax(claimWaitersMaxDefault)} of them of one tenant; one more is a 429. A process that is about to stop answers a claim with \`waitMs\` with a 503. Jobs that are claimed for a client that has gone are handed back.`,
  body: { schema: claimRequestSchema, required: true },
  answers: {
    200: {
      description: "The jobs; none when the time is over, or the server is stopping.",
      schema: claimResponseSchema,
    },
  },
  errors: ["RATE_LIMITED"],
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    const answer = await claimJobs(leaseCtxOf(c, api), unparsed(body));
    if (answer.claimed.length > 0) whenUndelivered(c, () => api.desk.handBack(answer.claimed));
    return c.json(toClaimJson(answer), 200);
  },
};
