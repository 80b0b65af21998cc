import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";

import { currentTrace, startSpan } from "@millrace/telemetry";
import { recordSpans, type SpanRecorder } from "@millrace/telemetry/testing";

import { enqueueBatch } from "../jobs/enqueue-batch.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { rigOfFile } from "../testing/rig-of-file.ts";
import { defineJob } from "./define-job.ts";

const rig = await rigOfFile();
let queue = "";
beforeEach(() => {
  queue = rig.newQueue();
});

const any = z.json();
const traceId = "0af7651916cd43dd8448eb211c80319c";
const sampled = `00-${traceId}-b7ad6b7169203331-01`;
const wait = { timeout: 30_000, interval: 20 };

describe("where spans are recorded", () => {
  let recorder: SpanRecorder;
  beforeEach(() => {
    recorder = recordSpans();
  });
  afterEach(async () => {
    await rig.stopWorkers();
    recorder.close();
  });
  const settled = (times: number) =>
    vi.waitFor(() => expect(recorder.named(`settle ${queue}`)).toHaveLength(times), wait);

  it("a job's trace goes from its sender through its attempt to what that enqueues", async () => {
    const seen: (string | undefined)[] = [];
    const child = defineJob({ type: "child", input: any, handler: () => void seen.push(currentTrace()?.traceparent) });
    const parent = defineJob({
      type: "parent",
      input: any,
      handler: async (ctx) => void (await child.enqueue(ctx, null, { queue })),
    });
    await rig.start({ queues: [queue], handlers: [parent, child] });
    await parent.enqueue({ ...rig.ctx, traceparent: sampled }, { card: "4111" }, { queue });
    await settled(2);
    expect(recorder.tree(traceId)).toEqual([
      `send ${queue}`,
      `  receive ${queue}`,
      `    process ${queue}`,
      `      send ${queue}`,
      `        receive ${queue}`,
      `          process ${queue}`,
      `            settle ${queue}`,
      `      settle ${queue}`,
    ]);
    expect(recorder.named(`send ${queue}`).find(({ parentId }) => parentId === "b7ad6b7169203331")).toBeDefined();
    expect(seen).toEqual([
      recorder.named(`process ${queue}`).find((span) => span.attributes["millrace.job.type"] === "child")?.traceparent,
    ]);
    expect(JSON.stringify(recorder.spans())).not.toContain("4111");
  });

  it("what a handler enqueues in a span of its own hangs below that", async () => {
    const child = defineJob({ type: "child", input: any, handler: () => null });
    const parent = defineJob({
      type: "parent",
      input: any,
      async handler(ctx) {
        const own = startSpan("own");
        await own.run(() => child.enqueue(ctx, null, { queue }));
        own.end();
      },
    });
    await rig.start({ queues: [queue], handlers: [parent, child] });
    await parent.enqueue({ ...rig.ctx, traceparent: sampled }, null, { queue });
    await settled(2);
    expect(recorder.tree(traceId).slice(2, 6)).toEqual([
      `    process ${queue}`,
      `      own`,
      `        send ${queue}`,
      `          receive ${queue}`,
    ]);
  });

  it("every attempt of a job hangs below the span that sent it", async () => {
    const flaky = defineJob({
      type: "flaky",
      input: any,
      handler({ job }) {
        if (job.attempts < 3) throw new TypeError("not yet");
      },
    });
    await rig.start({ queues: [queue], handlers: [flaky] });
    const { job } = await flaky.enqueue(rig.ctx, null, { queue, retry: { kind: "fixed", delayMs: 0 } });
    await settled(3);
    const [sent] = recorder.named(`send ${queue}`);
    expect(recorder.tree(sent?.traceId ?? "")).toEqual([
      `send ${queue}`,
      ...[1, 2, 3].flatMap(() => [`  receive ${queue}`, `    process ${queue}`, `      settle ${queue}`]),
    ]);
    expect(recorder.named(`process ${queue}`)).toMatchObject([
      { failed: true, attributes: { "error.type": "TypeError", "millrace.job.attempt": 1 } },
      { failed: true, attributes: { "error.type": "TypeError", "millrace.job.attempt": 2 } },
      { failed: false, attributes: { "millrace.outcome": "completed", "messaging.message.id": job.id } },
    ]);
    // The answer to one write may come behind that to the next one.
    const outcomes = recorder.named(`settle ${queue}`).map(({ attributes }) => attributes["millrace.outcome"]);
    expect(outcomes.filter((outcome) => outcome === "retried")).toHaveLength(2);
    expect(outcomes).toContain("completed");
  });

  it("the span of a sent job says what was sent and where, not its payload", async () => {
    const request = { type: "mail", queue, payload: { to: "ada@example.com" }, idempotencyKey: "once" };
    const { job } = await enqueue(rig.ctx, request);
    await enqueue(rig.ctx, request);
    const attributes = {
      "messaging.system": "millrace",
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": queue,
      "messaging.message.id": job.id,
      "db.system.name": "postgresql",
      "millrace.tenant": "default",
      "millrace.job.type": "mail",
    };
    expect(recorder.named(`send ${queue}`).map((span) => [span.kind, span.attributes])).toEqual([
      ["producer", { ...attributes, "millrace.outcome": "created" }],
      ["producer", { ...attributes, "millrace.outcome": "duplicate" }],
    ]);
    expect(job.traceparent).toBe(recorder.named(`send ${queue}`)[0]?.traceparent);
  });

  it("jobs of a batch keep the one span that sent them", async () => {
    const created = await enqueueBatch(rig.ctx, {
      jobs: [
        { type: "a", queue },
        { type: "b", queue },
        { type: "b", queue },
      ],
    });
    const [sent] = recorder.named(`send ${queue}`);
    expect(sent?.attributes).toMatchObject({ "messaging.batch.message_count": 3 });
    expect(sent?.attributes).not.toHaveProperty("millrace.job.type");
    for (const { id } of created) expect((await rig.get(id)).traceparent).toBe(sent?.traceparent);
  });

  it("a batch for several queues is of none of them", async () => {
    await enqueueBatch(rig.ctx, {
      jobs: [
        { type: "a", queue },
        { type: "a", queue: `${queue}-b` },
      ],
    });
    expect(recorder.named("send")[0]?.attributes).not.toHaveProperty("messaging.destination.name");
  });

  it("a request that is refused fails its span with the error's code", async () => {
    const ctx = { ...rig.ctx, actor: { tenantId: "default", scopes: ["jobs:write"] as const, queues: ["other"] } };
    await expect(enqueue(ctx, { type: "a", queue })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(recorder.named(`send ${queue}`)).toMatchObject([
      { failed: true, attributes: { "error.type": "FORBIDDEN" } },
    ]);
  });

  it("a job of a trace that isn't recorded has no spans, and neither has what it enqueues", async () => {
    const child = defineJob({ type: "child", input: any, handler: () => null });
    const parent = defineJob({
      type: "parent",
      input: any,
      handler: async (ctx) => void (await child.enqueue(ctx, null, { queue })),
    });
    await rig.start({ queues: [queue], handlers: [parent, child] });
    const { job } = await parent.enqueue({ ...rig.ctx, traceparent: sampled.replace(/1$/, "0") }, null, { queue });
    expect(job.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    await vi.waitFor(async () => expect(await completed()).toBe(2), wait);
    expect(recorder.spans()).toEqual([]);
  });

  it("a job that was enqueued without a trace has no spans, and neither has what it enqueues", async () => {
    const child = defineJob({ type: "child", input: any, handler: () => null });
    const parent = defineJob({
      type: "parent",
      input: any,
      handler: async (ctx) => void (await child.enqueue(ctx, null, { queue })),
    });
    const job = { tenantId: "default", queue, type: "parent", payload: "null", priority: 0, maxAttempts: 1, tags: [] };
    await rig.store.createJob(job);
    await rig.start({ queues: [queue], handlers: [parent, child] });
    await vi.waitFor(async () => expect(await completed()).toBe(2), wait);
    expect(recorder.spans()).toEqual([]);
  });

  it("a handler still logs under the trace id that its job's sender chose", async () => {
    const seen: (string | undefined)[] = [];
    const look = defineJob({ type: "look", input: any, handler: () => void seen.push(currentTrace()?.traceId) });
    await rig.start({ queues: [queue], handlers: [look] });
    await look.enqueue({ ...rig.ctx, traceparent: sampled, traceId: "order-66" }, null, { queue });
    await settled(1);
    expect(seen).toEqual(["order-66"]);
    expect(recorder.named(`process ${queue}`)[0]?.traceId).toBe(traceId);
  });

  it("a worker runs no more attempts at once than it has slots", async () => {
    let running = 0;
    let most = 0;
    const step = defineJob({
      type: "step",
      input: any,
      async handler() {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
      },
    });
    await enqueueBatch(rig.ctx, { jobs: Array.from({ length: 30 }, () => step.request(null, { queue })) });
    await rig.start({ queues: [queue], handlers: [step], concurrency: 2, prefetch: 5 });
    // What was claimed ahead may go back, and is settled by that too.
    await vi.waitFor(
      () =>
        expect(
          recorder.named(`settle ${queue}`).filter(({ attributes }) => attributes["millrace.outcome"] === "completed"),
        ).toHaveLength(30),
      wait,
    );
    expect(most).toBe(2);
  });
});

describe("where nothing is traced", () => {
  it("a job keeps its caller's traceparent as it is", async () => {
    const { job } = await enqueue({ ...rig.ctx, traceparent: sampled }, { type: "a", queue });
    expect(job).toMatchObject({ traceparent: sampled, traceId: null });
    expect(await enqueue(rig.ctx, { type: "a", queue })).toMatchObject({ job: { traceparent: null } });
  });
});

async function completed(): Promise<number> {
  const { jobs } = await rig.store.listJobs({ tenantId: "default", queue, status: "completed", limit: 10 });
  return jobs.length;
}
