import { heartbeatRequestSchema, heartbeatResponseSchema } from "@millrace/contract";
import { heartbeatJobs, toHeartbeatJson } from "@millrace/core";

import { leaseCtxOf } from "../../http/lease-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/leases/heartbeat */
export const heartbeatJobsRoute: Route = {
  method: "post",
  path: "/v1/leases/heartbeat",
  scope: "jobs:work",
  operationId: "heartbeatJobs",
  tag: "leases",
  summary: "Extend leases",
  description:
    "Each lease then holds for `leaseMs` from now. A job that was cancelled has `cancelRequested`: stop working on it. Beat well before `leaseExpiresAt`, every third of `leaseMs`.",
  body: { schema: heartbeatRequestSchema, required: true },
  answers: {
    200: {
      description: "An outcome an item, in their order; a lease that is lost is `LEASE_LOST`.",
      schema: heartbeatResponseSchema,
    },
  },
  async handle(c, api) {
    const body = await readJson(c, api.limits.batchBodyBytesMax);
    const ctx = leaseCtxOf(c, api);
    return c.json(toHeartbeatJson(await heartbeatJobs(ctx, unparsed(body)), ctx.traceId), 200);
  },
};
