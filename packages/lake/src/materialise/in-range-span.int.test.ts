import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { recordSpans, type SpanRecorder } from "@millrace/telemetry/testing";

import type { Materialiser, MaterialiserOptions } from "./materialiser.ts";
import { type LakeWorld, materialiserOf, openLakeWorld } from "./testing/lake-world.ts";

const wait = { timeout: 20_000, interval: 30 };

let world: LakeWorld;
let recorder: SpanRecorder;
let materialiser: Materialiser | undefined;
beforeEach(async () => {
  world = await openLakeWorld();
  recorder = recordSpans();
});
afterEach(async () => {
  await materialiser?.stop();
  recorder.close();
  await world.close();
});

/** Writes three events, with spans for their first range. */
async function write(options: Partial<MaterialiserOptions> = {}): Promise<void> {
  await world.ingest(await world.addTable("acme", "clicks"), ["a", "b", "c"]);
  materialiser = materialiserOf(world, world.root, { owner: "m", ...options });
  await materialiser.start();
  await vi.waitFor(() => expect(recorder.named("process events")).not.toEqual([]), wait);
}

test("each range has a trace of its own, from its claim to its snapshot", async () => {
  await write();
  const [span] = recorder.named("process events");
  expect(span).toMatchObject({ kind: "consumer", failed: false, parentId: undefined });
  expect(span?.attributes).toEqual({
    "messaging.system": "millrace",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": "events",
    "messaging.batch.message_count": 3,
    "millrace.tenant": "acme",
    "millrace.offset.first": 1,
    "millrace.offset.last": 3,
    "millrace.outcome": "published",
  });
  expect(recorder.tree(span?.traceId ?? "")).toEqual(["process events", "  write files", "  publish snapshot"]);
  expect(recorder.named("publish snapshot")).toMatchObject([{ attributes: { "millrace.snapshot.id": 1 } }]);
});

test("a range that can't be written fails its spans", async () => {
  const publish = () => Promise.reject(new TypeError("broken"));
  await write({ lake: { ...world.lake, publish } });
  const failure = { failed: true, attributes: { "error.type": "TypeError" } };
  expect(recorder.named("process events")[0]).toMatchObject(failure);
  expect(recorder.named("publish snapshot")[0]).toMatchObject(failure);
  expect(recorder.named("write files")[0]).toMatchObject({ failed: false });
});

test("a range whose lease was lost says so", async () => {
  await write({ lake: { ...world.lake, publish: () => Promise.resolve(undefined) } });
  expect(recorder.named("process events")[0]).toMatchObject({
    failed: true,
    attributes: { "millrace.outcome": "lost", "error.type": "leaseLost" },
  });
});
