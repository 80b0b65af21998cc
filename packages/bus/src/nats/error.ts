import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";

import { MillraceError } from "@millrace/contract";

const retryAfterMs = 1_000;
const fullRetryAfterMs = 5_000;

/** Numbers by which JetStream names its errors. */
const apiCodes = {
  /** The stream, the account or the server has no room for more. */
  full: new Set([10_023, 10_028, 10_047, 10_077, 10_122, 10_123]),
  /** The subject's stream is not the expected one, or there is none, or nobody listens to it. */
  otherStream: new Set([503, 10_059, 10_060]),
  noMessage: 10_037,
  noStream: 10_059,
  subjectsTaken: new Set([10_058, 10_065]),
};

/** What a server has answered to a message that it didn't take, by its number. */
export class NatsRefusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The number of what a server has refused; undefined where nobody knows what it did. */
function codeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError || error instanceof NatsRefusal ? error.code : undefined;
}

/** True where there is no room for more. */
export function isFull(error: unknown): boolean {
  return apiCodes.full.has(codeOf(error) ?? 0);
}

/** Translates an error of the NATS client into a MillraceError; the original is its cause. `sent` says that a message may have been stored nevertheless. */
export function toMillraceError(error: unknown, sent = false): MillraceError {
  if (error instanceof MillraceError) return error;
  if (isFull(error)) {
    return new MillraceError("RATE_LIMITED", "The stream of events is full", {
      cause: error,
      retryAfterMs: fullRetryAfterMs,
    });
  }
  const isUnknown = sent && codeOf(error) === undefined;
  return new MillraceError(
    "UNAVAILABLE",
    isUnknown
      ? "NATS did not answer; it is not known whether the events were stored"
      : "The stream of events could not be reached",
    { cause: error, retryAfterMs, ...(isUnknown ? { extensions: { outcome: "unknown" } } : {}) },
  );
}

/** True where a publish found no stream, or another one than it had expected. */
export function isStreamGone(error: unknown): boolean {
  return apiCodes.otherStream.has(codeOf(error) ?? 0);
}

/** True where the server says that there is no such stream. */
export function isStreamNotFound(error: unknown): boolean {
  return codeOf(error) === apiCodes.noStream;
}

/** True where the server says that there is no such message. */
export function isMessageNotFound(error: unknown): boolean {
  return codeOf(error) === apiCodes.noMessage;
}

/** True where another process has made the stream a moment before. */
export function areSubjectsTaken(error: unknown): boolean {
  return apiCodes.subjectsTaken.has(codeOf(error) ?? 0);
}

/** True for a message that the server doesn't take for its size. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof errors.InvalidArgumentError || codeOf(error) === 10_054;
}
