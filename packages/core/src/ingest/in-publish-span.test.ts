import { afterEach, beforeEach, expect, test } from "vitest";

import type { PublishOutcome } from "@millrace/bus";
import { MillraceError } from "@millrace/contract";
import { inSpan } from "@millrace/telemetry";
import { recordSpans, type SpanRecorder } from "@millrace/telemetry/testing";

import { inPublishSpan } from "./in-publish-span.ts";

const clicks = { name: "clicks", tenantId: "acme" };
const outcomes: readonly PublishOutcome[] = [
  { outcome: "accepted", offset: 12 },
  { outcome: "reused" },
  { outcome: "duplicate", offset: 7 },
  { outcome: "accepted", offset: 14 },
];

let recorder: SpanRecorder;
beforeEach(() => {
  recorder = recordSpans();
});
afterEach(() => recorder.close());

test("what a request publishes is told below the request, with where it lies in the log", async () => {
  const answer = await inSpan("POST /v1/ingest", { kind: "server" }, () =>
    inPublishSpan(clicks, 4, () => Promise.resolve(outcomes)),
  );
  expect(answer).toBe(outcomes);
  const [span] = recorder.named("send clicks");
  expect(span).toMatchObject({ kind: "producer", parentId: recorder.named("POST /v1/ingest")[0]?.spanId });
  expect(span?.attributes).toEqual({
    "messaging.system": "millrace",
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": "clicks",
    "messaging.batch.message_count": 4,
    "millrace.tenant": "acme",
    "millrace.table": "clicks",
    "millrace.offset.first": 7,
    "millrace.offset.last": 14,
  });
});

test("what the bus doesn't take fails the span with the error's code", async () => {
  const error = new MillraceError("UNAVAILABLE", "away");
  await expect(inPublishSpan(clicks, 4, () => Promise.reject(error))).rejects.toBe(error);
  expect(recorder.named("send clicks")).toMatchObject([{ failed: true, attributes: { "error.type": "UNAVAILABLE" } }]);
});

test("a request of which nothing is in order publishes nothing, and has no span", async () => {
  await inPublishSpan(clicks, 0, () => Promise.resolve([]));
  expect(recorder.spans()).toEqual([]);
});
