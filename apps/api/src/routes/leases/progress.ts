import { progressRequestSchema } from "@millrace/contract";
import { progressJobs, toLeaseJson } from "@millrace/core";

import { leaseRoute } from "./lease-route.ts";

/** POST /v1/leases/progress */
export const progressJobsRoute = leaseRoute({
  verb: "progress",
  operationId: "progressJobs",
  summary: "Report progress and log lines",
  description:
    "Replaces the progress of each job, and appends to its log. Progress may have 16 KiB; one that is larger is that item's problem. A job's log takes 1,000 lines of 2,000 characters; what is over that is cut off, or dropped.",
  body: progressRequestSchema,

  run: progressJobs,
  toJson: toLeaseJson,
});
