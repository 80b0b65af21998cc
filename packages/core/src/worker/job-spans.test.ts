import { afterEach, beforeEach, expect, test } from "vitest";

import type { Job } from "@millrace/storage";
import { recordSpans, type SpanRecorder } from "@millrace/telemetry/testing";

import { type JobSpans, startJobSpans } from "./job-spans.ts";
import type { AttemptEnd } from "./run-attempt.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const sentIn = `00-${traceId}-b7ad6b7169203331-01`;
const claim = { tookMs: 5, endMs: 1_700_000_000_000, count: 1 };

let recorder: SpanRecorder;
beforeEach(() => {
  recorder = recordSpans();
});
afterEach(() => recorder.close());

function begin(traceparent: string | null = sentIn, count = 1): JobSpans | undefined {
  const job = { id: "j1", queue: "mail", type: "welcome", tenantId: "acme", attempts: 2, traceparent } as Job;
  return startJobSpans(job, { ...claim, count });
}

const endOf = (end: Partial<AttemptEnd>): AttemptEnd => ({
  settlement: undefined,
  abandoned: undefined,
  cause: undefined,
  error: undefined,
  ...end,
});
const failure = { kind: "fail", message: "no", retryable: true } as const;

test("a claim's span is a client's, lies below the sender's and lasts as long as the claim did", () => {
  begin();
  expect(recorder.spans()).toMatchObject([
    {
      name: "receive mail",
      kind: "client",
      traceId,
      parentId: "b7ad6b7169203331",
      startMs: claim.endMs - claim.tookMs,
      endMs: claim.endMs,
      attributes: {
        "messaging.system": "millrace",
        "messaging.operation.name": "receive",
        "messaging.operation.type": "receive",
        "messaging.destination.name": "mail",
        "messaging.message.id": "j1",
        "millrace.tenant": "acme",
        "millrace.job.type": "welcome",
        "millrace.job.attempt": 2,
      },
    },
  ]);
  expect(recorder.spans()[0]?.attributes).not.toHaveProperty("messaging.batch.message_count");
});

test("a claim of many jobs says how many", () => {
  begin(sentIn, 20);
  expect(recorder.spans()[0]?.attributes).toHaveProperty("messaging.batch.message_count", 20);
});

test.each([
  ["was enqueued without a trace", null],
  ["belongs to a trace that isn't recorded", `00-${traceId}-b7ad6b7169203331-00`],
  ["has a traceparent that is none", "nonsense"],
])("a job that %s has no spans", (_, traceparent) => {
  expect(begin(traceparent)).toBeUndefined();
  expect(recorder.spans()).toEqual([]);
});

test.each<[string, Partial<AttemptEnd>, string, string | undefined]>([
  ["that completes", { settlement: { kind: "complete", result: null } }, "completed", undefined],
  ["that throws", { settlement: failure, error: new TypeError("secret") }, "failed", "TypeError"],
  ["whose error can't be looked at", { settlement: failure, error: hostile() }, "failed", "_OTHER"],
  ["that takes too long", { settlement: failure, cause: "timeout" }, "failed", "timeout"],
  ["that snoozes", { settlement: { kind: "snooze", delayMs: 1 } }, "snoozed", undefined],
  ["that a shutdown cuts", { settlement: { kind: "release" }, cause: "shutdown" }, "released", undefined],
  ["that loses its lease", { cause: "leaseLost" }, "lost", "leaseLost"],
  ["that is cancelled", { cause: "cancelled" }, "cancelled", undefined],
])("the span of an attempt %s says how it ended", async (_, end, outcome, type) => {
  const given = endOf(end);
  expect(await begin()?.process(() => Promise.resolve(given))).toBe(given);
  const [span] = recorder.named("process mail");
  expect(span).toMatchObject({ kind: "consumer", failed: type !== undefined });
  expect(span?.attributes["millrace.outcome"]).toBe(outcome);
  expect(span?.attributes["error.type"]).toBe(type);
  expect(JSON.stringify(recorder.spans())).not.toContain("secret");
});

test.each([
  [{ kind: "complete", result: null }, "completed", "ack", undefined],
  [failure, "retried", "nack", undefined],
  [failure, "dead", "nack", undefined],
  [{ kind: "complete", result: null }, "lost", "ack", "lost"],
  [{ kind: "release" }, "unsaved", "nack", "unsaved"],
] as const)("the write of %j that is %s lies below its attempt", async (settlement, settled, name, type) => {
  const spans = begin();
  await spans?.process(() => Promise.resolve(endOf({ settlement })));
  spans?.settle(settlement)(settled);
  expect(recorder.tree(traceId)).toEqual(["receive mail", "  process mail", "    settle mail"]);
  const [span] = recorder.named("settle mail");
  expect(span).toMatchObject({
    kind: "client",
    attributes: { "messaging.operation.type": "settle", "messaging.operation.name": name, "millrace.outcome": settled },
  });
  expect(span?.attributes["error.type"]).toBe(type);
});

test("a job that is handed back without an attempt is settled below its claim", () => {
  begin()?.settle({ kind: "release" })("released");
  expect(recorder.tree(traceId)).toEqual(["receive mail", "  settle mail"]);
});

function hostile(): Error {
  const trap = () => {
    throw new Error("trapped");
  };
  return Object.defineProperties(new Error("x"), { code: { get: trap }, name: { get: trap } });
}
