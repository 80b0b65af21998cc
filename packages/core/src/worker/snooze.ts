import { MillraceError, limits } from "@millrace/contract";

const marker: unique symbol = Symbol.for("millrace.snooze") as never;

/** What a handler returns to have its job back later. */
export interface Snooze {
  readonly [marker]: true;
  readonly delayMs: number;
}

/** Returned by a handler: runs the job again after `delayMs`, without using up an attempt. @throws VALIDATION_FAILED */
export function snooze(delayMs: number): Snooze {
  if (!(delayMs >= 0 && delayMs <= limits.delayMsMax)) {
    throw new MillraceError("VALIDATION_FAILED", `A snooze takes 0 to ${limits.delayMsMax} milliseconds.`);
  }
  return { [marker]: true, delayMs };
}

/** True for what `snooze` made, also in another copy of the package. */
export function isSnooze(value: unknown): value is Snooze {
  return typeof value === "object" && value !== null && marker in value;
}
