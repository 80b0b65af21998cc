import { snoozeRequestSchema } from "@millrace/contract";
import { snoozeJobs, toLeaseJson } from "@millrace/core";

import { leaseRoute } from "./lease-route.ts";

/** POST /v1/leases/snooze */
export const snoozeJobsRoute = leaseRoute({
  verb: "snooze",
  operationId: "snoozeJobs",
  summary: "Put jobs off",
  description: "Each job comes back after `delayMs`; its attempt is given back.",
  body: snoozeRequestSchema,

  run: snoozeJobs,
  toJson: toLeaseJson,
});
