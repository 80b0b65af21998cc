import { isMillraceError, limits } from "@millrace/contract";

import { isNonRetryable, isRetryAfter } from "./attempt-errors.ts";
import type { Settlement } from "./settlement.ts";
import { isSnooze } from "./snooze.ts";

const causesMax = 3;

/** How an attempt ends whose handler returned `value`. A result that can't be kept kills the job: its work is done, and doing it again would end the same. */
export function returned(value: unknown): Settlement {
  if (isSnooze(value)) return { kind: "snooze", delayMs: value.delayMs };
  let result: string | undefined;
  try {
    result = value === undefined ? "null" : JSON.stringify(value);
  } catch (error) {
    return killed(`The handler's result can't be written as JSON: ${messageOf(error)}`);
  }
  if (result === undefined) return killed(`The handler's result can't be written as JSON: it is a ${typeof value}`);
  const bytes = Buffer.byteLength(result);
  if (bytes > limits.resultBytesMax) {
    return killed(`The handler's result has ${bytes} bytes of JSON; at most ${limits.resultBytesMax} are kept`);
  }
  return { kind: "complete", result: result === "null" ? null : result };
}

/** How an attempt ends whose handler threw `error`. */
export function thrown(error: unknown): Settlement {
  const failure = { kind: "fail", message: messageOf(error), stack: stackOf(error) } as const;
  if (isNonRetryable(error)) return { ...failure, retryable: false };
  if (isRetryAfter(error)) return { ...failure, retryable: true, retryAfterMs: clampedDelay(error.retryAfterMs) };
  return { ...failure, retryable: true };
}

/** How an attempt ends that took longer than it may. */
export function timedOut(timeoutMs: number): Settlement {
  return { kind: "fail", message: `The attempt took longer than its timeout of ${timeoutMs} ms`, retryable: true };
}

/** The end of an attempt that no retry can better. */
export function killed(message: string): Extract<Settlement, { kind: "fail" }> {
  return { kind: "fail", message, retryable: false };
}

function messageOf(error: unknown): string {
  if (isMillraceError(error))
    return [error.message, ...error.errors.map(({ path, message }) => `${path}: ${message}`)].join(" ");
  if (error instanceof Error) return error.message || error.name;
  return typeof error === "string" && error !== "" ? error : `The handler threw ${describe(error)}`;
}

/** The stack with those of its causes. Other properties of an error stay out: libraries put requests and credentials there. */
function stackOf(error: unknown): string | undefined {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error && stacks.length <= causesMax; at = at.cause) {
    if (at.stack !== undefined) stacks.push(at.stack);
  }
  return stacks.length === 0 ? undefined : stacks.join("\nCaused by: ");
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
  return `an object that is not an Error`;
}

function clampedDelay(delayMs: number): number {
  return Number.isFinite(delayMs) ? Math.min(Math.max(delayMs, 0), limits.delayMsMax) : 0;
}
