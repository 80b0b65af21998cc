import { progressRequestSchema, leaseResponseSchema } from "@millrace/contract";
import { progressJobs, toLeaseJson } from "@millrace/core";

import { leaseCtxOf } from "../../http/lease-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/leases/progress */
export const progressJobsRoute: Route = {
  method: "post",
  path: "/v1/leases/progress",
  scope: "jobs:work",
  operationId: "progressJobs",
  tag: "leases",
  summary: "Report progress and log lines",
  description:
    "Replaces the progress of each job, and appends to its log. Progress may have 16 KiB; one that is larger is that item's problem. A job's log takes 1,000 lines of 2,000 characters; what is over that is cut off, or dropped.",
  body: { schema: progressRequestSchema, required: true },
  answers: {
    200: {
      description: "An outcome an item, in their order; a lease that is lost is `LEASE_LOST`.",
      schema: leaseResponseSchema,
    },
  },
  async handle(c, api) {
    const body = await readJson(c, api.limits.batchBodyBytesMax);
    const ctx = leaseCtxOf(c, api);
    return c.json(toLeaseJson(await progressJobs(ctx, unparsed(body)), ctx.traceId), 200);
  },
};
