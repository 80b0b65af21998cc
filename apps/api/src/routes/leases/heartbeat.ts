import { heartbeatRequestSchema, heartbeatResponseSchema } from "@millrace/contract";
import { heartbeatJobs, toHeartbeatJson } from "@millrace/core";

import { leaseRoute } from "./lease-route.ts";

/** POST /v1/leases/heartbeat */
export const heartbeatJobsRoute = leaseRoute({
  verb: "heartbeat",
  operationId: "heartbeatJobs",
  summary: "Extend leases",
  description:
    "Each lease then holds for `leaseMs` from now. A job that was cancelled has `cancelRequested`: stop working on it. Beat well before `leaseExpiresAt`, every third of `leaseMs`.",
  body: heartbeatRequestSchema,
  answer: heartbeatResponseSchema,
  run: heartbeatJobs,
  toJson: toHeartbeatJson,
});
