import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";

import { MillraceError } from "@millrace/contract";

const retryAfterMs = 1_000;
const fullRetryAfterMs = 5_000;

/** Numbers by which JetStream names its errors. */
const apiCodes = {
  /** The stream, the account or the server has no room for more. */
  full: new Set([10_023, 10_028, 10_047, 10_077, 10_122, 10_123]),
  /** The subject's stream is not the expected one, or there is none. */
  otherStream: new Set([10_059, 10_060]),
  noMessage: 10_037,
  noStream: 10_059,
  subjectsTaken: new Set([10_058, 10_065]),
};

/** Translates an error of the NATS client into a MillraceError; the original is its cause. `sent` says that a message may have been stored nevertheless. */
export function toMillraceError(error: unknown, sent = false): MillraceError {
  if (error instanceof MillraceError) return error;
  if (error instanceof JetStreamApiError && apiCodes.full.has(error.code)) {
    return new MillraceError("RATE_LIMITED", "The stream of events is full", {
      cause: error,
      retryAfterMs: fullRetryAfterMs,
    });
  }
  const isUnknown = sent && !(error instanceof JetStreamApiError) && !isUnheard(error);
  return new MillraceError(
    "UNAVAILABLE",
    isUnknown
      ? "NATS did not answer; it is not known whether the events were stored"
      : "The stream of events could not be reached",
    { cause: error, retryAfterMs, ...(isUnknown ? { extensions: { outcome: "unknown" } } : {}) },
  );
}

/** True where nobody has listened: there is no stream of that subject, or none that has a leader just now. Its class is not exported. */
function isUnheard(error: unknown): boolean {
  return error instanceof Error && error.name === "JetStreamNotEnabled";
}

/** True where a publish found no stream, or another one than it had expected. */
export function isStreamGone(error: unknown): boolean {
  if (isUnheard(error)) return true;
  return error instanceof JetStreamApiError && apiCodes.otherStream.has(error.code);
}

/** True where the server says that there is no such stream. */
export function isStreamNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === apiCodes.noStream;
}

/** True where the server says that there is no such message. */
export function isMessageNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === apiCodes.noMessage;
}

/** True where another process has made the stream a moment before. */
export function areSubjectsTaken(error: unknown): boolean {
  return error instanceof JetStreamApiError && apiCodes.subjectsTaken.has(error.code);
}

/** True for a message that the server doesn't take for its size. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof errors.InvalidArgumentError || (error instanceof JetStreamApiError && error.code === 10_054);
}
