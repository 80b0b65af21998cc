import { completeRequestSchema, leaseResponseSchema } from "@millrace/contract";
import { completeJobs, toLeaseJson } from "@millrace/core";

import { leaseCtxOf } from "../../http/lease-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/leases/complete */
export const completeJobsRoute: Route = {
  method: "post",
  path: "/v1/leases/complete",
  scope: "jobs:work",
  operationId: "completeJobs",
  tag: "leases",
  summary: "Complete jobs",
  description:
    "A result may have 256 KiB; one that is larger is that item's problem. The same token with the same result again is answered as it was.",
  body: { schema: completeRequestSchema, required: true },
  answers: {
    200: {
      description: "An outcome an item, in their order; a lease that is lost is `LEASE_LOST`.",
      schema: leaseResponseSchema,
    },
  },
  async handle(c, api) {
    const body = await readJson(c, api.limits.batchBodyBytesMax);
    const ctx = leaseCtxOf(c, api);
    return c.json(toLeaseJson(await completeJobs(ctx, unparsed(body)), ctx.traceId), 200);
  },
};
