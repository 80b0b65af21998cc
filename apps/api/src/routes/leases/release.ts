import { releaseRequestSchema } from "@millrace/contract";
import { releaseJobs, toLeaseJson } from "@millrace/core";

import { leaseRoute } from "./lease-route.ts";

/** POST /v1/leases/release */
export const releaseJobsRoute = leaseRoute({
  verb: "release",
  operationId: "releaseJobs",
  summary: "Hand jobs back",
  description: "Each job is pending again at once, in its old place; its attempt is given back.",
  body: releaseRequestSchema,

  run: releaseJobs,
  toJson: toLeaseJson,
});
