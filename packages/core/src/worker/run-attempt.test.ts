import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";

import type { Job } from "@millrace/storage";

import { createDeadlines } from "./deadlines.ts";
import { defineJob } from "./define-job.ts";
import type { HandlerContext } from "./handler.ts";
import { type Attempt, type AttemptEnd, runAttempt } from "./run-attempt.ts";

const start = (handler: () => unknown, abortGraceMs = 30_000): Attempt =>
  runAttempt({
    definition: defineJob({ type: "job", input: z.unknown(), handler }),
    job: { payload: null } as Job,
    timeoutMs: 1_000,
    abortGraceMs,
    deadlines: createDeadlines(),
    context: () => ({}) as HandlerContext<unknown>,
  });
const never = () => new Promise<void>(() => undefined);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function endAfter(attempt: Attempt, ms: number): Promise<AttemptEnd | undefined> {
  let end: AttemptEnd | undefined;
  void attempt.end.then((value) => (end = value));
  await vi.advanceTimersByTimeAsync(ms);
  return end;
}

describe("an attempt", () => {
  it("ends, though what its handler threw can't be looked at", async () => {
    const trap = () => {
      throw new Error("trapped");
    };
    const { end } = start(() => {
      throw Object.defineProperties(new Error("x"), { message: { get: trap }, name: { get: trap } });
    });
    await expect(end).resolves.toMatchObject({ settlement: { kind: "fail", retryable: true } });
  });

  it("tells what its handler threw", async () => {
    const error = new TypeError("x");
    const { end } = start(() => Promise.reject(error));
    expect((await end).error).toBe(error);
    expect(await start(() => null).end).toMatchObject({ error: undefined, cause: undefined });
  });

  it.each(["timeout", "cancelled"] as const)(
    "that ignores its %s has the grace of a shutdown from then on",
    async (why) => {
      const attempt = start(never);
      attempt.abort(why);
      expect(await endAfter(attempt, 5_000)).toBeUndefined();
      attempt.abort("shutdown");
      expect(await endAfter(attempt, 1_999)).toBeUndefined();
      expect(await endAfter(attempt, 1)).toMatchObject({ abandoned: expect.any(Promise), cause: why });
    },
  );

  it("gets no longer a grace from a second cause", async () => {
    const attempt = start(never, 500);
    attempt.abort("timeout");
    expect(await endAfter(attempt, 400)).toBeUndefined();
    attempt.abort("shutdown");
    attempt.abort("cancelled");
    expect(await endAfter(attempt, 100)).toMatchObject({ settlement: undefined });
  });
});
