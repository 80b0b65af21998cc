import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";

import type { EnqueueRequest } from "@millrace/contract";

import { defineJob, isJobDefinition } from "./define-job.ts";
import { snooze } from "./snooze.ts";

const send = defineJob({
  type: "mail.send",
  input: z.object({ to: z.email(), at: z.coerce.date().optional(), times: z.number().default(1) }),
  queue: "mail",
  priority: 3,
  retry: { kind: "fixed", delayMs: 5 },
  timeoutMs: 1_000,
  handler: ({ payload }) => {
    expectTypeOf(payload).toEqualTypeOf<{ to: string; at?: Date | undefined; times: number }>();
  },
});

describe("a job definition", () => {
  it("makes requests with its own options, and those given over them", () => {
    expect(send.request({ to: "a@b.de" })).toEqual({
      type: "mail.send",
      queue: "mail",
      priority: 3,
      retry: { kind: "fixed", delayMs: 5 },
      timeoutMs: 1_000,
      payload: { to: "a@b.de" },
    });
    expect(send.request({ to: "a@b.de" }, { priority: 9, idempotencyKey: "k" })).toMatchObject({
      priority: 9,
      queue: "mail",
      idempotencyKey: "k",
    });
  });

  it("stores the input as it was given: the worker's schema starts from the same", () => {
    expect(send.request({ to: "a@b.de", at: "2026-01-01" }).payload).toEqual({ to: "a@b.de", at: "2026-01-01" });
  });

  it("enqueues through whatever can, with the caller's transaction apart from the request", async () => {
    const tx = { query: () => Promise.resolve([]) };
    const asked: unknown[] = [];
    const enqueuer = {
      enqueue: (request: EnqueueRequest, options?: object) => {
        asked.push(request, options);
        return Promise.resolve("answer");
      },
    };
    const answer = await send.enqueue(enqueuer, { to: "a@b.de" }, { tx, delayMs: 5 });
    expectTypeOf(answer).toEqualTypeOf<string>();
    expect(answer).toBe("answer");
    expect(asked).toEqual([expect.objectContaining({ payload: { to: "a@b.de" }, delayMs: 5 }), { tx }]);
    expect(asked[0]).not.toHaveProperty("tx");
  });

  it("is refused when its own options are wrong", () => {
    const input = z.unknown();
    const handler = () => null;
    expect(() => defineJob({ type: "", input, handler })).toThrow("expected shape");
    expect(() => defineJob({ type: "x", input, handler, maxAttempts: 0 })).toThrow("expected shape");
    expect(() => defineJob({ type: "x", input, handler, retries: 5 } as never)).toThrow("expected shape");
  });

  it("types what its handler returns, and what is read of a job's result", () => {
    const count = defineJob({
      type: "count",
      input: z.object({}),
      result: z.object({ n: z.number(), at: z.coerce.date() }),
      handler: () => ({ n: 1, at: new Date() }),
    });
    const result = count.resultOf({ result: { n: 1, at: "2026-01-01" } });
    expectTypeOf(result).toEqualTypeOf<{ n: number; at: Date }>();
    expect(result).toEqual({ n: 1, at: new Date("2026-01-01") });
    expect(() => count.resultOf({ result: { n: "1" } })).toThrow(
      "The result of count does not have the expected shape",
    );
    expect(send.resultOf({ result: 5 })).toBe(5);
    // @ts-expect-error -- the handler returns something else
    defineJob({ type: "x", input: z.object({}), result: z.string(), handler: () => 5 });
    defineJob({ type: "x", input: z.object({}), result: z.string(), handler: async () => snooze(5) });
  });

  it("is known as one, and nothing else is", () => {
    expect(isJobDefinition(send)).toBe(true);
    for (const other of [null, undefined, {}, () => null, { type: "x", handler: () => null }]) {
      expect(isJobDefinition(other)).toBe(false);
    }
  });
});
