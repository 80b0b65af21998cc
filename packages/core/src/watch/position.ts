import { jobStatuses, type JobStatus, MillraceError } from "@millrace/contract";

/** How far somebody has followed a job; it is made of what is stored, so every process makes the same of the same. */
export interface Position {
  /** The fence of the newest attempt whose end was told; 0 is none. */
  readonly fence: number;
  /** The number of the newest log line that was told; 0 is none. */
  readonly seq: number;
  /** What of the job itself was told. */
  readonly job: { readonly status: JobStatus; readonly fence: number; readonly updatedMs: number } | undefined;
  /** True once the end was told. */
  readonly isEnd: boolean;
}

export const start: Position = { fence: 0, seq: 0, job: undefined, isEnd: false };

const form = /^([1-9]\d{0,9}|0)-([1-9]\d{0,15}|0)(?:-([a-z]+)-([1-9]\d{0,9}|0)-(\d{1,15}))?(-end)?$/;

/** A position as the id of an event. */
export function encodePosition({ fence, seq, job, isEnd }: Position): string {
  const told = job === undefined ? [] : [job.status, job.fence, job.updatedMs];
  return [fence, seq, ...told, ...(isEnd ? ["end"] : [])].join("-");
}

/** The position that an event's id names. @throws VALIDATION_FAILED */
export function decodePosition(id: string): Position {
  const [, fence, seq, status, jobFence, updatedMs, end] = form.exec(id) ?? [];
  const known = jobStatuses.find((one) => one === status);
  if (fence === undefined || seq === undefined || (status !== undefined && known === undefined)) {
    throw new MillraceError("VALIDATION_FAILED", "Last-Event-ID is not the id of an event of a job.", {
      errors: [{ path: "Last-Event-ID", code: "invalid", message: "Give the id of the last event that was received." }],
    });
  }
  return {
    fence: Number(fence),
    seq: Number(seq),
    job: known && { status: known, fence: Number(jobFence), updatedMs: Number(updatedMs) },
    isEnd: end !== undefined,
  };
}
