import { completeRequestSchema } from "@millrace/contract";
import { completeJobs, toLeaseJson } from "@millrace/core";

import { leaseRoute } from "./lease-route.ts";

/** POST /v1/leases/complete */
export const completeJobsRoute = leaseRoute({
  verb: "complete",
  operationId: "completeJobs",
  summary: "Complete jobs",
  description:
    "A result may have 256 KiB; one that is larger is that item's problem. The same token with the same result again is answered as it was.",
  body: completeRequestSchema,

  run: completeJobs,
  toJson: toLeaseJson,
});
