import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

import type { EnqueueRequest } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { rigOfFile } from "../testing/rig-of-file.ts";
import { NonRetryableError, RetryAfterError } from "./attempt-errors.ts";
import { defineJob } from "./define-job.ts";
import type { HandlerContext } from "./handler.ts";
import { snooze } from "./snooze.ts";

const rig = await rigOfFile();
let queue = "";
beforeEach(() => {
  queue = rig.newQueue();
});

async function run(
  handler: (context: HandlerContext<unknown>) => unknown,
  request: Partial<EnqueueRequest> = {},
): Promise<Job> {
  await rig.start({ queues: [queue], handlers: [defineJob({ type: "job", input: z.unknown(), handler })] });
  return rig.add({ retry: { kind: "fixed", delayMs: 0 }, ...request, type: "job", queue });
}

describe("a failed attempt", () => {
  it("is tried again until one succeeds, and every failure is kept", async () => {
    const { id } = await run(({ job }) => {
      if (job.attempts < 3) throw new TypeError(`attempt ${job.attempts}`, { cause: new Error("the cause") });
      return "at last";
    });
    const done = await rig.until(id, "completed");
    expect(done).toMatchObject({ attempts: 3, result: "at last", lastError: "attempt 2" });
    expect(done.errors.map(({ attempt, message }) => [attempt, message])).toEqual([
      [1, "attempt 1"],
      [2, "attempt 2"],
    ]);
    expect(done.errors[0]?.stack).toMatch(/^TypeError: attempt 1\n[^]*Caused by: Error: the cause/);
  });

  it("waits as its policy says", async () => {
    const { id } = await run(
      ({ job }) => {
        if (job.attempts === 1) throw new Error("not yet");
      },
      { retry: { kind: "delays", delaysMs: [400] } },
    );
    const { startedAt, errors } = await rig.until(id, "completed");
    expect(Number(startedAt) - Date.parse(errors[0]?.at ?? "")).toBeGreaterThanOrEqual(400);
  });

  it("kills the job when it was the last", async () => {
    const { id } = await run(
      () => {
        throw new Error("never");
      },
      { maxAttempts: 2 },
    );
    expect(await rig.until(id, "dead")).toMatchObject({ attempts: 2, lastError: "never" });
  });

  it("kills the job at once when no retry can help", async () => {
    const { id } = await run(() => {
      throw new NonRetryableError("no such customer");
    });
    expect(await rig.until(id, "dead")).toMatchObject({ attempts: 1, lastError: "no such customer" });
  });

  it("waits as long as the handler says", async () => {
    const { id } = await run(() => {
      throw new RetryAfterError(60_000, "come back in a minute");
    });
    const failed = await rig.until(id, ({ lastError }) => lastError !== null);
    expect(failed).toMatchObject({ status: "pending", attempts: 1, lastError: "come back in a minute" });
    expect(failed.scheduledAt.getTime() - failed.updatedAt.getTime()).toBe(60_000);
  });

  it.each([
    ["a string", "a string"],
    [undefined, "The handler threw undefined undefined"],
    [{ secret: 1 }, "The handler threw an object that is not an Error"],
  ])("may throw anything: %s", async (thrown, lastError) => {
    const { id } = await run(
      () => {
        throw thrown as unknown as Error;
      },
      { maxAttempts: 1 },
    );
    expect(await rig.until(id, "dead")).toMatchObject({ lastError });
  });

  it("is a result that isn't JSON or is too large; the job is dead, since its work is done", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    for (const [result, message] of [
      [circular, "can't be written as JSON"],
      [1n, "can't be written as JSON"],
      [() => 1, "it is a function"],
      ["x".repeat(300_000), "300002 bytes of JSON; at most 262144 are kept"],
    ] as const) {
      const { id } = await run(() => result);
      expect(await rig.until(id, "dead")).toMatchObject({ attempts: 1, lastError: expect.stringContaining(message) });
      await rig.stopWorkers();
    }
  });
});

describe("a payload", () => {
  const typed = defineJob({
    type: "typed",
    input: z.strictObject({ to: z.email(), count: z.int() }),
    handler: () => "not reached",
  });

  it("that is wrong is refused where it is enqueued, with all problems named", async () => {
    const wrong = { to: "nobody", count: 1.5 };
    await expect(typed.enqueue(rig.ctx, wrong)).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      errors: [expect.objectContaining({ path: "payload.to" }), expect.objectContaining({ path: "payload.count" })],
    });
    expect(() => typed.request(wrong)).toThrow("The payload of typed");
  });

  it("that is wrong kills the job at the worker, with all problems named", async () => {
    await rig.start({ queues: [queue], handlers: [typed] });
    const { id } = await rig.add({ type: "typed", queue, payload: { to: "nobody", count: 1.5, more: true } });
    const dead = await rig.until(id, "dead");
    expect(dead.attempts).toBe(1);
    expect(dead.lastError).toMatch(/to: .*count: .*more/);
  });
});

describe("a snooze", () => {
  it("brings the job back without using up an attempt", async () => {
    let runs = 0;
    const { id } = await run(() => (++runs < 4 ? snooze(20) : "awake"), { maxAttempts: 1 });
    expect(await rig.until(id, "completed")).toMatchObject({ attempts: 1, result: "awake", lastError: null });
    expect(runs).toBe(4);
  });

  it("can't be negative", () => {
    expect(() => snooze(-1)).toThrow("milliseconds");
    expect(() => snooze(Number.NaN)).toThrow("milliseconds");
  });
});
