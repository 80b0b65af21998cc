import { type FieldError, type JobStatus, MillraceError } from "@millrace/contract";

import type { NewJob } from "./job-store.ts";

/** A job of a request, and how the request names its fields (`jobs.3.`). */
export interface NamedJob {
  readonly job: NewJob;
  readonly path: string;
}

/** The error for known keys that come with other requests. */
export function keysReused(jobs: readonly NamedJob[]): MillraceError {
  const errors = jobs.map(({ job, path }): FieldError => {
    const message = `The idempotency key ${JSON.stringify(job.idempotencyKey)} was used before with a different request.`;
    return { path: `${path}idempotencyKey`, code: "reused", message };
  });
  return new MillraceError("IDEMPOTENCY_KEY_REUSED", errors[0]?.message ?? "An idempotency key was reused.", {
    errors,
  });
}

/** The error for a key that has a job already, where the policy refuses that. */
export function duplicateJob({ job, path }: NamedJob, existing: { id: string; status: JobStatus }): MillraceError {
  const message = `The idempotency key ${JSON.stringify(job.idempotencyKey)} has the job ${existing.id} already, which is ${existing.status}.`;
  return new MillraceError("DUPLICATE_JOB", message, {
    errors: [{ path: `${path}idempotencyKey`, code: "duplicate", message }],
    extensions: { jobId: existing.id, jobStatus: existing.status },
  });
}

/** The error for a request that would replace another one of the same call. */
export function keyTwice({ path }: NamedJob): MillraceError {
  return new MillraceError("VALIDATION_FAILED", "One call can't replace its own job.", {
    errors: [{ path: `${path}idempotencyKey`, code: "duplicate", message: "Another job of this call has this key." }],
  });
}

/** The error for a key whose job changes too fast to decide. */
export function keyBusy(): MillraceError {
  return new MillraceError("UNAVAILABLE", "The job behind the idempotency key is changing; try again.", {
    retryAfterMs: 100,
  });
}
