import { releaseRequestSchema, leaseResponseSchema } from "@millrace/contract";
import { releaseJobs, toLeaseJson } from "@millrace/core";

import { leaseCtxOf } from "../../http/lease-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/leases/release */
export const releaseJobsRoute: Route = {
  method: "post",
  path: "/v1/leases/release",
  scope: "jobs:work",
  operationId: "releaseJobs",
  tag: "leases",
  summary: "Hand jobs back",
  description: "Each job is pending again at once, in its old place; its attempt is given back.",
  body: { schema: releaseRequestSchema, required: true },
  answers: {
    200: {
      description: "An outcome an item, in their order; a lease that is lost is `LEASE_LOST`.",
      schema: leaseResponseSchema,
    },
  },
  async handle(c, api) {
    const body = await readJson(c, api.limits.batchBodyBytesMax);
    const ctx = leaseCtxOf(c, api);
    return c.json(toLeaseJson(await releaseJobs(ctx, unparsed(body)), ctx.traceId), 200);
  },
};
