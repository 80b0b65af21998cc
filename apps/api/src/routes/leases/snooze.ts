import { snoozeRequestSchema, leaseResponseSchema } from "@millrace/contract";
import { snoozeJobs, toLeaseJson } from "@millrace/core";

import { leaseCtxOf } from "../../http/lease-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/leases/snooze */
export const snoozeJobsRoute: Route = {
  method: "post",
  path: "/v1/leases/snooze",
  scope: "jobs:work",
  operationId: "snoozeJobs",
  tag: "leases",
  summary: "Put jobs off",
  description: "Each job comes back after `delayMs`; its attempt is given back.",
  body: { schema: snoozeRequestSchema, required: true },
  answers: {
    200: {
      description: "An outcome an item, in their order; a lease that is lost is `LEASE_LOST`.",
      schema: leaseResponseSchema,
    },
  },
  async handle(c, api) {
    const body = await readJson(c, api.limits.batchBodyBytesMax);
    const ctx = leaseCtxOf(c, api);
    return c.json(toLeaseJson(await snoozeJobs(ctx, unparsed(body)), ctx.traceId), 200);
  },
};
