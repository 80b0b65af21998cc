import type { z } from "zod";

import { isMillraceError, limits, type MillraceError } from "@millrace/contract";

import { isNonRetryable, isRetryAfter } from "./attempt-errors.ts";
import type { Settlement } from "./settlement.ts";
import { isSnooze } from "./snooze.ts";

const causesMax = 3;

/**
 * How an attempt ends whose handler returned `value`. A result that can't be kept, or isn't what its definition says, kills the job: its work is done, and
 * doing it again would end the same.
 */
export function returned(value: unknown, schema?: z.ZodType): Settlement {
  const snoozeMs = readable(() => (isSnooze(value) ? clampedDelay(value.delayMs) : undefined));
  if (snoozeMs !== undefined) return { kind: "snooze", delayMs: snoozeMs };
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
  // What is read back later is the JSON, so that is what has to fit.
  const read = schema?.safeParse(JSON.parse(result));
  if (read?.success === false) {
    return killed(`The handler's result does not have the expected shape: ${sentenceOf(read.error)}`);
  }
  return { kind: "complete", result: result === "null" ? null : result };
}

/** How an attempt ends whose handler threw `error`, whatever that is. */
export function thrown(error: unknown): Settlement {
  const failure = { kind: "fail", message: messageOf(error), stack: stackOf(error) } as const;
  if (readable(() => isNonRetryable(error)) === true) return { ...failure, retryable: false };
  const retryAfterMs = readable(() => (isRetryAfter(error) ? clampedDelay(error.retryAfterMs) : undefined));
  return retryAfterMs === undefined ? { ...failure, retryable: true } : { ...failure, retryable: true, retryAfterMs };
}

/** How an attempt ends that took longer than it may. */
export function timedOut(timeoutMs: number): Settlement {
  return { kind: "fail", message: `The attempt took longer than its timeout of ${timeoutMs} ms`, retryable: true };
}

/** The end of an attempt that no retry can better. */
export function killed(message: string): Extract<Settlement, { kind: "fail" }> {
  return { kind: "fail", message, retryable: false };
}

/** Every problem in one sentence. */
export function sentenceOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

function messageOf(error: unknown): string {
  return (
    readable(() => (isMillraceError(error) ? problemsOf(error) : undefined)) ??
    (isError(error) ? (textOf(error, "message") ?? textOf(error, "name")) : undefined) ??
    (typeof error === "string" && error !== "" ? error : `The handler threw ${describe(error)}`)
  );
}

function problemsOf(error: MillraceError): string {
  return [error.message, ...error.errors.map(({ path, message }) => `${path}: ${message}`)].join(" ");
}

/** The stack with those of its causes. Other properties of an error stay out: libraries put requests and credentials there. */
function stackOf(error: unknown): string | undefined {
  const stacks: string[] = [];
  let at = error;
  for (let depth = 0; depth <= causesMax && isError(at); depth++) {
    const one = at;
    const stack = textOf(one, "stack");
    if (stack !== undefined) stacks.push(stack);
    at = readable(() => one.cause);
  }
  return stacks.length === 0 ? undefined : stacks.join("\nCaused by: ");
}

function describe(value: unknown): string {
  if (isError(value)) return "an Error without a message";
  if (typeof value === "object" && value !== null) return "an object that is not an Error";
  return readable(() => `${typeof value} ${String(value)}`) ?? `a ${typeof value}`;
}

function isError(value: unknown): value is Error {
  return readable(() => value instanceof Error) === true;
}

/** The text of a property: JavaScript lets anything be there. */
function textOf(error: Error, property: "message" | "name" | "stack"): string | undefined {
  const text: unknown = readable(() => error[property]);
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** What `look` finds: getters and proxies of a handler's values may throw when they are looked at, and an attempt's end must still be told. */
function readable<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function clampedDelay(delayMs: number): number {
  return Number.isFinite(delayMs) ? Math.min(Math.max(delayMs, 0), limits.delayMsMax) : 0;
}
