import { failRequestSchema } from "@millrace/contract";
import { failJobs, toLeaseJson } from "@millrace/core";

import { leaseRoute } from "./lease-route.ts";

/** POST /v1/leases/fail */
export const failJobsRoute = leaseRoute({
  verb: "fail",
  operationId: "failJobs",
  summary: "Fail attempts",
  description:
    "Each job waits for its retry delay or `retryAfterMs`, or is dead: with `retryable: false`, or when no attempt is left. Messages are cut at 2,000 characters, stacks at 8,000.",
  body: failRequestSchema,

  run: failJobs,
  toJson: toLeaseJson,
});
