import { failRequestSchema, leaseResponseSchema } from "@millrace/contract";
import { failJobs, toLeaseJson } from "@millrace/core";

import { leaseCtxOf } from "../../http/lease-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/leases/fail */
export const failJobsRoute: Route = {
  method: "post",
  path: "/v1/leases/fail",
  scope: "jobs:work",
  operationId: "failJobs",
  tag: "leases",
  summary: "Fail attempts",
  description:
    "Each job waits for its retry delay or `retryAfterMs`, or is dead: with `retryable: false`, or when no attempt is left. Messages are cut at 2,000 characters, stacks at 8,000.",
  body: { schema: failRequestSchema, required: true },
  answers: {
    200: {
      description: "An outcome an item, in their order; a lease that is lost is `LEASE_LOST`.",
      schema: leaseResponseSchema,
    },
  },
  async handle(c, api) {
    const body = await readJson(c, api.limits.batchBodyBytesMax);
    const ctx = leaseCtxOf(c, api);
    return c.json(toLeaseJson(await failJobs(ctx, unparsed(body)), ctx.traceId), 200);
  },
};
