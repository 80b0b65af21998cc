import { z } from "zod";

import { uuidSchema } from "../ids.ts";
import { timeSchema } from "../jobs/job.ts";
import { jobStatuses } from "../jobs/state.ts";
import { problemSchema } from "../problem.ts";

/** The job of an item that was written, in the state that it is in now. */
const writtenSchema = { ok: z.literal(true), job: z.object({ id: uuidSchema, status: z.enum(jobStatuses) }) };

/** Why an item was not written, and nothing of it. `jobStatus` comes with LEASE_LOST: the job's present state, null if there is no such job. */
const refusedSchema = {
  ok: z.literal(false),
  problem: problemSchema.extend({ jobStatus: z.enum(jobStatuses).nullable().optional() }).meta({ id: "LeaseProblem" }),
};

export const leaseOutcomeSchema = z
  .discriminatedUnion("ok", [z.object(writtenSchema), z.object(refusedSchema)])
  .meta({ id: "LeaseOutcome" });

/** Told with every item: somebody has cancelled the job, and its worker should stop. */
const cancelRequested = { cancelRequested: z.boolean() };

export const heartbeatOutcomeSchema = z
  .discriminatedUnion("ok", [
    z.object({ ...writtenSchema, ...cancelRequested }),
    z.object({ ...refusedSchema, ...cancelRequested }),
  ])
  .meta({ id: "HeartbeatOutcome" });

/** An outcome an item, in the order of the items; `serverTime` is the database's clock. */
export const leaseResponseSchema = z
  .object({ items: z.array(leaseOutcomeSchema), serverTime: timeSchema })
  .meta({ id: "LeaseResponse" });

export const heartbeatResponseSchema = z
  .object({ items: z.array(heartbeatOutcomeSchema), serverTime: timeSchema })
  .meta({ id: "HeartbeatResponse" });

export type LeaseOutcomeJson = z.infer<typeof leaseOutcomeSchema>;
export type LeaseResponse = z.infer<typeof leaseResponseSchema>;
export type HeartbeatResponse = z.infer<typeof heartbeatResponseSchema>;
