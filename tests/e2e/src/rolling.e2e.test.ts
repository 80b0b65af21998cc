import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

import { describe, expect, test } from "vitest";

import { type ApiProcess, startApi } from "./processes/start-api.ts";
import { startWorker } from "./processes/start-worker.ts";
import { eventually } from "./testing/eventually.ts";
import { openGate } from "./testing/gate.ts";
import { finished, observe } from "./testing/observe.ts";
import { readMetric } from "./testing/read-metric.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { openStage } from "./testing/stage.ts";

const [type] = recordedTypes;
const done = { code: 0, signal: null };

/** An enqueue whose body is still to come: the API has accepted it and waits. */
async function beginEnqueue(api: ApiProcess, agent: Agent) {
  const headers = { authorization: "Bearer alpha-key", "content-type": "application/json", expect: "100-continue" };
  const outgoing = request(`${api.url}/v1/jobs`, { method: "POST", agent, headers });
  // A request that is cut off shows as a missing answer where that is waited for.
  outgoing.on("error", () => {});
  outgoing.flushHeaders();
  await once(outgoing, "continue");
  return {
    async finish(): Promise<{ readonly status: number | undefined; readonly body: { readonly id: string } }> {
      outgoing.end(JSON.stringify({ type }));
      const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
      return { status: incoming.statusCode, body: JSON.parse(await text(incoming)) as { readonly id: string } };
    },
    abandon: () => void outgoing.destroy(),
  };
}

const isRefused = (url: string) =>
  fetch(`${url}/v1/health`).then(
    () => false,
    () => true,
  );

describe("an API that is told to stop", () => {
  test("answers what it has accepted, ends long polls, takes nothing new, and exits with 0", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    // Bodies that are in no hurry.
    const env = { MILLRACE_SERVER_SHUTDOWN_GRACE_MS: "5m", MILLRACE_SERVER_REQUEST_TIMEOUT_MS: "5m" };
    const apis = await Promise.all(["api-1", "api-2"].map((name) => startApi(stage, { name, databaseUrl, env })));
    const [api, other] = apis as [ApiProcess, ApiProcess];
    const agent = new Agent({ keepAlive: true });
    const accepted = await Promise.all(Array.from({ length: 10 }, () => beginEnqueue(api, agent)));
    const { id } = await other.client().jobs.enqueue({ type, delayMs: 3_600_000 });
    const waiting = fetch(`${api.url}/v1/jobs/${id}/wait?timeoutMs=60000`, {
      headers: { authorization: "Bearer alpha-key" },
    });
    const asked = () =>
      readMetric(`${api.url}/v1/metrics`, "millrace_db_statement_seconds_count", { statement: "jobs.get" });
    await eventually(asked).toBeGreaterThan(0);

    api.signal("SIGTERM");
    await api.line(({ msg }) => msg === "Stopping");
    await eventually(() => isRefused(api.url)).toBe(true);
    expect((await waiting).status).toBe(202);

    const answers = await Promise.all(accepted.map((enqueue) => enqueue.finish()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(await api.exited).toEqual(done);
    const stored = (await observe(other.client())).map(({ jobId }) => jobId);
    expect(stored.toSorted()).toEqual([id, ...answers.map(({ body }) => body.id)].toSorted());
    agent.destroy();
  });

  test("behind a balancer that heeds its readiness loses no request under load", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    // Time enough for a balancer that stands still for a moment.
    const env = { MILLRACE_SERVER_DRAIN_DELAY_MS: "10s", MILLRACE_SERVER_SHUTDOWN_GRACE_MS: "60s" };
    const apis = await Promise.all(["api-1", "api-2"].map((name) => startApi(stage, { name, databaseUrl, env })));
    const [api, other] = apis as [ApiProcess, ApiProcess];
    const clients = apis.map((one) => one.client({ retriesMax: 0 }));
    const acknowledged: string[] = [];
    const failures: unknown[] = [];
    let target = 0;
    let stopping = false;
    const enqueuers = Array.from({ length: 10 }, async () => {
      while (!stopping) {
        await clients[target]!.jobs.enqueue({ type }).then(
          ({ id }) => acknowledged.push(id),
          (error: unknown) => failures.push(error),
        );
      }
    });

    await eventually(() => acknowledged.length).toBeGreaterThan(200);
    api.signal("SIGTERM");
    // The balancer.
    await eventually(async () => (await fetch(`${api.url}/v1/ready`)).status, 20).toBe(503);
    target = 1;
    expect(await api.exited).toEqual(done);
    const atExit = acknowledged.length;
    await eventually(() => acknowledged.length).toBeGreaterThan(atExit + 200);
    stopping = true;
    await Promise.all(enqueuers);

    expect(failures).toEqual([]);
    const stored = (await observe(other.client())).map(({ jobId }) => jobId);
    expect(stored.toSorted()).toEqual(acknowledged.toSorted());
  });

  test("leaves nothing in doubt under load: what it has begun is answered, and what it cuts off was never begun", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    const apis = await Promise.all(["api-1", "api-2"].map((name) => startApi(stage, { name, databaseUrl })));
    const [api, other] = apis as [ApiProcess, ApiProcess];
    const client = api.client({ retriesMax: 0 });
    const acknowledged: string[] = [];
    const failures: unknown[] = [];
    const enqueuers = Array.from({ length: 10 }, async () => {
      while (api.exit() === undefined) {
        await client.jobs.enqueue({ type }).then(
          ({ id }) => acknowledged.push(id),
          (error: unknown) => failures.push(error),
        );
      }
    });

    await eventually(() => acknowledged.length).toBeGreaterThan(200);
    api.signal("SIGTERM");
    expect(await api.exited).toEqual(done);
    await Promise.all(enqueuers);

    // A connection that was closed, or refused: never an answer that says no.
    for (const failure of failures) expect(failure).toMatchObject({ code: "NO_ANSWER" });
    const stored = (await observe(other.client())).map(({ jobId }) => jobId);
    expect(stored.toSorted()).toEqual(acknowledged.toSorted());
  });

  test("exits at once at the second signal", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    const api = await startApi(stage, { databaseUrl, env: { MILLRACE_SERVER_SHUTDOWN_GRACE_MS: "10m" } });
    const agent = new Agent({ keepAlive: true });
    const accepted = await beginEnqueue(api, agent);
    api.signal("SIGTERM");
    await api.line(({ msg }) => msg === "Stopping");
    // A repeat that comes at once may count as the same request to stop, so it is repeated until it is heard.
    await eventually(() => (api.signal("SIGTERM"), api.exit() === undefined)).toBe(false);
    expect((await api.exited).code).toBeGreaterThan(0);
    accepted.abandon();
    agent.destroy();
  });
});

describe("a worker that is told to stop in the middle of a job", () => {
  test("lets it finish within the grace period and exits with 0", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    const gate = stage.own(await openGate());
    const [api, worker] = await Promise.all([
      startApi(stage, { databaseUrl }),
      startWorker(stage, { name: "worker-1", databaseUrl, env: { MILLRACE_WORKER_SHUTDOWN_GRACE_MS: "5m" } }),
    ]);
    const job = await api.client().jobs.enqueue({ type, payload: { gateUrl: gate.url } });
    const arrived = await gate.arrival(({ jobId }) => jobId === job.id);

    worker.signal("SIGTERM");
    await worker.line(({ msg }) => msg === "The worker is stopping");
    const late = await api.client().jobs.enqueue({ type });
    arrived.letGo();
    expect(await worker.exited).toEqual(done);
    expect(await api.client().jobs.get(job.id)).toMatchObject({ status: "completed", attempts: 1 });
    expect(await api.client().jobs.get(late.id)).toMatchObject({ status: "pending", attempts: 0 });
  });

  test("hands it back with the attempt refunded when the grace period is over, and exits with 0", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    const gate = stage.own(await openGate());
    const [api, worker] = await Promise.all([
      startApi(stage, { databaseUrl }),
      startWorker(stage, { name: "worker-1", databaseUrl, env: { MILLRACE_WORKER_SHUTDOWN_GRACE_MS: "200ms" } }),
    ]);
    // One attempt is all it has: if the hand-back used it up, the job would be dead.
    const job = await api.client().jobs.enqueue({ type, payload: { gateUrl: gate.url }, maxAttempts: 1 });
    await gate.arrival(({ worker: name }) => name === "worker-1");

    worker.signal("SIGTERM");
    expect(await worker.exited).toEqual(done);
    expect(await api.client().jobs.get(job.id)).toMatchObject({ status: "pending", attempts: 0, lockedBy: null });

    await startWorker(stage, { name: "worker-2", databaseUrl });
    (await gate.arrival(({ worker: name }) => name === "worker-2")).letGo();
    expect(await finished(api.client(), job.id)).toMatchObject({
      status: "completed",
      attempts: 1,
      result: { worker: "worker-2" },
    });
  });

  test("exits at once at the second signal, and the job is another's after its lease", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    const gate = stage.own(await openGate());
    const env = { MILLRACE_WORKER_LEASE_MS: "8s", MILLRACE_WORKER_HEARTBEAT_MS: "1s" };
    const [api, worker] = await Promise.all([
      startApi(stage, { databaseUrl }),
      startWorker(stage, { name: "worker-1", databaseUrl, env: { ...env, MILLRACE_WORKER_SHUTDOWN_GRACE_MS: "10m" } }),
    ]);
    const job = await api.client().jobs.enqueue({
      type,
      payload: { gateUrl: gate.url, stubborn: true },
      retry: { kind: "fixed", delayMs: 0 },
    });
    await gate.arrival(({ attempt }) => attempt === 1);

    worker.signal("SIGTERM");
    await worker.line(({ msg }) => msg === "The worker is stopping");
    // A repeat that comes at once counts as the same request to stop, so it is repeated until it is heard.
    await eventually(() => (worker.signal("SIGTERM"), worker.exit())).toEqual({
      code: 143,
      signal: null,
    });

    await startWorker(stage, { name: "worker-2", databaseUrl, env });
    (await gate.arrival(({ attempt }) => attempt === 2)).letGo();
    expect(await finished(api.client(), job.id)).toMatchObject({ status: "completed", attempts: 2 });
  });
});
