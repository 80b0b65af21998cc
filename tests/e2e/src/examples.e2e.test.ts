import { describe, expect, test } from "vitest";

import type { MillraceClient } from "@millrace/client";

import { startApi } from "./processes/start-api.ts";
import { type Example, examples, startExample } from "./processes/start-example.ts";
import type { RunningProcess } from "./processes/start-process.ts";
import { startWorker } from "./processes/start-worker.ts";
import { eventually } from "./testing/eventually.ts";
import { finished } from "./testing/observe.ts";
import { type Stage, openStage } from "./testing/stage.ts";

const retry = { kind: "fixed", delayMs: 0 } as const;
const python = examples.find(({ language }) => language === "python")!;

/** An API, a worker of our own that sees to due jobs and expired leases, and one of the example. */
async function startAll(stage: Stage, example: Example, env: Readonly<Record<string, string>> = {}) {
  const { url: databaseUrl } = await stage.database();
  const [api] = await Promise.all([
    startApi(stage, { databaseUrl }),
    startWorker(stage, {
      name: "upkeep",
      databaseUrl,
      env: { MILLRACE_WORKER_LEASE_MS: "2s", MILLRACE_WORKER_HEARTBEAT_MS: "500ms" },
    }),
  ]);
  const start = (name: string) =>
    startExample(stage, example, {
      name,
      apiUrl: api.url,
      env: { MILLRACE_LEASE_MS: "10000", MILLRACE_CONCURRENCY: "1", ...env },
    });
  return { client: api.client(), start, worker: await start("foreign") };
}

const enqueue = (client: MillraceClient, example: Example, what: string, payload: object) =>
  client.jobs.enqueue({ type: `${example.language}.${what}`, payload: { ...payload }, retry });

const working = (worker: RunningProcess, id: string) =>
  worker.line(({ text }) => /working/i.test(text) && text.includes(id));

describe.each(examples)("the worker in $language", (example) => {
  test("works what is enqueued, and keeps leases that are shorter than the work alive", async (context) => {
    const stage = await openStage(context);
    const { client } = await startAll(stage, example);
    const greet = await enqueue(client, example, "greet", { name: 'Ada "Quoted" Löve' });
    expect(await finished(client, greet.id)).toMatchObject({
      status: "completed",
      attempts: 1,
      lockedBy: "foreign",
      result: { greeting: 'Hello, Ada "Quoted" Löve!' },
    });
    const long = await enqueue(client, example, "sleep", { seconds: [12] });
    expect(await finished(client, long.id)).toMatchObject({ status: "completed", attempts: 1 });
  });

  test("has a failing job tried again, with what went wrong", async (context) => {
    const stage = await openStage(context);
    const { client } = await startAll(stage, example);
    const { id } = await enqueue(client, example, "flaky", { failures: 2 });
    const job = await finished(client, id);
    expect(job).toMatchObject({ status: "completed", attempts: 3, result: { attempts: 3 } });
    expect(job.errors.map(({ attempt, message }) => [attempt, message])).toEqual([
      [1, expect.stringContaining("attempt 1 fails as it was asked to")],
      [2, expect.stringContaining("attempt 2 fails as it was asked to")],
    ]);
  });

  test("runs a job whose result is too large to be kept only once", async (context) => {
    const stage = await openStage(context);
    const { client } = await startAll(stage, example, { MILLRACE_LEASE_MS: "30000" });
    // As a payload it just fits, and in a greeting no more.
    const { id } = await enqueue(client, example, "greet", { name: "x".repeat(256 * 1024 - 14) });
    const job = await finished(client, id);
    expect(job).toMatchObject({ status: "dead", attempts: 1 });
    expect(job.lastError).toMatch(/^The result was refused/);
  });

  test("stops working on a job that is cancelled, and goes on with the next", async (context) => {
    const stage = await openStage(context);
    const { client, worker } = await startAll(stage, example);
    const { id } = await enqueue(client, example, "sleep", { seconds: [3_600] });
    await working(worker, id);
    await client.jobs.cancel(id);
    await worker.line(({ text }) => /cancelled/i.test(text));
    const next = await enqueue(client, example, "greet", { name: "Bob" });
    expect(await finished(client, next.id)).toMatchObject({ status: "completed" });
    expect(await client.jobs.get(id)).toMatchObject({ status: "cancelled", attempts: 1 });
  });

  test("ends at once on SIGTERM while it waits, and finishes what it is working on before", async (context) => {
    const stage = await openStage(context);
    const { client, start, worker } = await startAll(stage, example);
    worker.signal("SIGTERM");
    expect((await worker.exited).code).toBe(0);

    const second = await start("second");
    const { id } = await enqueue(client, example, "sleep", { seconds: [2] });
    await working(second, id);
    second.signal("SIGTERM");
    expect((await second.exited).code).toBe(0);
    expect(await client.jobs.get(id)).toMatchObject({ status: "completed", attempts: 1 });
  });
});

describe("the worker in python", () => {
  test("that is killed in the middle of a job leaves it to another after its lease", async (context) => {
    const stage = await openStage(context);
    const { client, start, worker } = await startAll(stage, python);
    const { id } = await enqueue(client, python, "sleep", { seconds: [3_600, 0] });
    await working(worker, id);
    await eventually(async () => (await client.jobs.get(id)).progress).toEqual({ sleepsFor: 3_600 });
    worker.signal("SIGKILL");
    await start("heir");
    expect(await finished(client, id)).toMatchObject({
      status: "completed",
      attempts: 2,
      result: { worker: "heir" },
      lastError: "lease expired (worker foreign)",
    });
  });

  test("that has no more time hands its job back with its attempt", async (context) => {
    const stage = await openStage(context);
    const { client, worker } = await startAll(stage, python, { MILLRACE_GRACE_MS: "0" });
    const { id } = await enqueue(client, python, "sleep", { seconds: [3_600] });
    await working(worker, id);
    worker.signal("SIGTERM");
    expect((await worker.exited).code).toBe(0);
    expect(await client.jobs.get(id)).toMatchObject({ status: "pending", attempts: 0, lastError: null });
  });
});
