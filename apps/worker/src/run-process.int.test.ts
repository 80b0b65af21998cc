import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import type { EnqueueRequest } from "@millrace/contract";
import { type Composition, enqueue, getJob } from "@millrace/core";
import { freePort, testDatabase } from "@millrace/storage/testing";

import { composeOn } from "./testing/compose-on.ts";
import { killWorkerProcesses, startWorkerProcess, type WorkerProcess } from "./testing/worker-process.ts";

// Each test starts processes, some of which have to see a lease run out.
vi.setConfig({ testTimeout: 180_000 });

/** A lease that a test waits for the end of. A process that stands still for a moment keeps it, one that is gone doesn't for long. */
const shortLease = { MILLRACE_WORKER_LEASE_MS: "6s", MILLRACE_WORKER_HEARTBEAT_MS: "500ms" };

const handlers = fileURLToPath(new URL("testing/handlers.ts", import.meta.url));
const started = "The worker is starting";

let test: Awaited<ReturnType<typeof testDatabase>>;
let composition: Composition;
let folder = "";
let file = "";
let queue = "";
let tests = 0;

beforeAll(async () => {
  test = await testDatabase();
  composition = await composeOn(test.url);
  folder = await mkdtemp(join(tmpdir(), "millrace-worker-"));
});
beforeEach(() => {
  queue = `test-${++tests}`;
  file = join(folder, `${queue}.log`);
});
afterEach(killWorkerProcesses);
afterAll(async () => {
  await composition.close();
  await test.close();
  await rm(folder, { recursive: true });
});

function start(env: Readonly<Record<string, string>> = {}): WorkerProcess {
  return startWorkerProcess(
    {
      DATABASE_URL: test.url,
      MILLRACE_WORKER_QUEUES: queue,
      MILLRACE_WORKER_HANDLERS: handlers,
      MILLRACE_WORKER_POLL_INTERVAL_MS: "50ms",
      ...env,
    },
    folder,
  );
}

const ctx = () => ({
  actor: { tenantId: "default", scopes: ["*" as const] },
  store: composition.store,
  keys: composition.keys,
});
const add = async (request: EnqueueRequest) =>
  (await enqueue(ctx(), { retry: { kind: "fixed", delayMs: 0 }, ...request, queue })).job;
const lines = async () => (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

async function eventually<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > deadlineMs) throw new Error("Nothing came");
    await delay(20);
  }
}
const until = (id: string, status: string) =>
  eventually(async () => {
    const job = await getJob(ctx(), { id });
    return job.status === status ? job : undefined;
  });
const line = (text: string) => eventually(async () => (await lines()).find((one) => one.includes(text)));

describe("the worker's process", () => {
  it("runs the handlers of configured modules and the built-in types, and drains on SIGTERM", async () => {
    const worker = start();
    const slow = await add({ type: "slow", payload: { file, ms: 700 } });
    const listed = await add({ type: "listed" });
    const request = await add({ type: "http.request", payload: { url: "http://10.0.0.1/" } });
    expect(await until(listed.id, "completed")).toMatchObject({ result: "listed" });
    expect(await until(request.id, "dead")).toMatchObject({ lastError: expect.stringContaining("may not reach") });
    await line("begins");
    worker.child.kill("SIGTERM");
    expect(await worker.ended).toBe(0);
    expect(await getJob(ctx(), { id: slow.id })).toMatchObject({
      status: "completed",
      attempts: 1,
      result: worker.pid,
    });
    expect(worker.output()).toContain("The worker has stopped");
  });

  it("hands back with the attempt refunded what doesn't end within the grace", async () => {
    const worker = start({ MILLRACE_WORKER_SHUTDOWN_GRACE_MS: "100ms" });
    const { id } = await add({ type: "slow", payload: { file, ms: 60_000 }, maxAttempts: 1 });
    await line("begins");
    worker.child.kill("SIGINT");
    expect(await worker.ended).toBe(0);
    expect(await getJob(ctx(), { id })).toMatchObject({ status: "pending", attempts: 0, lastError: null });
  });

  it("exits at once on a second signal; the jobs are rescued", async () => {
    const worker = start({ ...shortLease, MILLRACE_WORKER_SHUTDOWN_GRACE_MS: "60s" });
    const { id } = await add({ type: "slow", payload: { file, ms: 60_000 } });
    await line("begins");
    worker.child.kill("SIGTERM");
    await worker.wrote("The worker is stopping");
    await delay(600);
    worker.child.kill("SIGTERM");
    expect(await worker.ended).toBe(143);
    start();
    await line(`${id} 2`);
  });

  it("that is killed mid-job loses nothing: another does the job", async () => {
    const first = start(shortLease);
    const { id } = await add({ type: "slow", payload: { file, ms: 1_500 } });
    await line("begins");
    first.child.kill("SIGKILL");
    await first.ended;
    const second = start();
    expect(await until(id, "completed")).toMatchObject({
      attempts: 2,
      result: second.pid,
      lastError: expect.stringMatching(/^lease expired \(worker /),
    });
    expect(await lines()).toEqual([
      `${first.pid} begins ${id} 1`,
      `${second.pid} begins ${id} 2`,
      `${second.pid} ends ${id} 2`,
    ]);
  });

  it("that was frozen past its lease can't complete the job that another has done", async () => {
    const first = start(shortLease);
    const { id } = await add({ type: "slow", payload: { file, ms: 500 } });
    await line("begins");
    first.child.kill("SIGSTOP");
    const second = start();
    const done = await until(id, "completed");
    expect(done).toMatchObject({ attempts: 2, result: second.pid });
    first.child.kill("SIGCONT");
    await first.wrote("lease was lost");
    expect(await getJob(ctx(), { id })).toEqual(done);
  });

  it("survives a rejection that a handler left behind, and logs it", async () => {
    const worker = start();
    const careless = await add({ type: "careless" });
    await until(careless.id, "completed");
    await worker.wrote("left behind");
    const listed = await add({ type: "listed" });
    expect(await until(listed.id, "completed")).toMatchObject({ result: "listed" });
  });

  it("hands its jobs back and ends when an exception is not caught", async () => {
    const worker = start();
    const slow = await add({ type: "slow", payload: { file, ms: 60_000 }, maxAttempts: 1 });
    await line("begins");
    await add({ type: "reckless" });
    expect(await worker.ended).toBe(1);
    expect(worker.output()).toContain("out of reach");
    expect(await getJob(ctx(), { id: slow.id })).toMatchObject({ status: "pending", attempts: 0 });
  });

  it("ends though a part of it fails to, and says which", async () => {
    const saboteur = join(folder, "saboteur.mjs");
    await writeFile(
      saboteur,
      `import { Server } from "node:http";
       Server.prototype.close = () => { throw new Error("not to be closed"); };
       export { jobs } from ${JSON.stringify(new URL("testing/handlers.ts", import.meta.url).href)};`,
    );
    const worker = start({
      MILLRACE_WORKER_HANDLERS: saboteur,
      MILLRACE_WORKER_HEALTH_PORT: String(await freePort()),
      MILLRACE_WORKER_SHUTDOWN_GRACE_MS: "1s",
    });
    await worker.wrote(started);
    worker.child.kill("SIGTERM");
    expect(await Promise.race([worker.ended, delay(60_000, "late", { ref: false })])).toBe(0);
    expect(worker.output()).toContain("not to be closed");
  });

  it("tells of its health, its readiness and its metrics", async () => {
    const port = await freePort();
    const worker = start({ MILLRACE_WORKER_HEALTH_PORT: String(port) });
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    await worker.wrote(started);
    const ready = await eventually(async () => {
      const response = await ask("/ready");
      return response.ok ? response : undefined;
    });
    expect(await ready.json()).toMatchObject({
      status: "ready",
      checks: ["database", "schema", "objectStore", "materialiser"].map((name) => ({ name })),
    });
    expect(await (await ask("/health")).json()).toMatchObject({ status: "ok", state: "running", concurrency: 50 });
    expect(await (await ask("/metrics")).text()).toContain("millrace_worker_slots 50");
    const second = start({ MILLRACE_WORKER_HEALTH_PORT: String(port) });
    expect(await second.ended).toBe(1);
    expect(second.output()).toBe(`The health endpoint can't listen on 127.0.0.1:${port}: the port is in use.\n`);
  });
});

describe("a wrong configuration", () => {
  it("ends the worker with 78 and names every module that is wrong", async () => {
    await writeFile(join(folder, "empty.mjs"), "export const nothing = 1;");
    await writeFile(join(folder, "broken.mjs"), "throw new RangeError('broken inside');");
    const modules = ["./empty.mjs", "broken.mjs", "./missing.mjs", "no-such-package", handlers, `${handlers}?twice`];
    const worker = start({ MILLRACE_WORKER_HANDLERS: modules.join(",") });
    expect(await worker.ended).toBe(78);
    const output = worker.output();
    expect(output).toMatch(/worker\.handlers \(MILLRACE_WORKER_HANDLERS\): .*got \.\/empty\.mjs/);
    expect(output).toMatch(/got broken\.mjs; RangeError: broken inside/);
    expect(output).toMatch(/got \.\/missing\.mjs; Error: Cannot find module/);
    expect(output).toMatch(/got no-such-package; Error: Cannot find package/);
    expect(output.split("\n").filter((one) => one !== "")).toHaveLength(1 + 5);
  });

  it("ends the worker with 78 before anything else", async () => {
    const worker = start({ MILLRACE_WORKER_CONCURRENCY: "none" });
    expect(await worker.ended).toBe(78);
    expect(worker.output()).toContain("worker.concurrency");
  });
});

describe("a handler module", () => {
  it("may be a package that is installed where the worker is started", async () => {
    const at = join(folder, "node_modules", "team-jobs");
    await mkdir(at, { recursive: true });
    await writeFile(
      join(at, "package.json"),
      JSON.stringify({ name: "team-jobs", type: "module", exports: { import: "./jobs.js" } }),
    );
    const core = new URL("../../../packages/core/src/index.ts", import.meta.url).href;
    const contract = new URL("../../../packages/contract/src/index.ts", import.meta.url).href;
    await writeFile(
      join(at, "jobs.js"),
      `import { defineJob } from "${core}"; import { jsonSchema } from "${contract}";
       export default [defineJob({ type: "of-the-team", input: jsonSchema, handler: () => "team" })];`,
    );
    start({ MILLRACE_WORKER_HANDLERS: "team-jobs" });
    const { id } = await add({ type: "of-the-team" });
    expect(await until(id, "completed")).toMatchObject({ result: "team" });
  });
});
