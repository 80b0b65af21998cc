import { describe, expect, test } from "vitest";

import { startApi } from "./processes/start-api.ts";
import { type WorkerProcess, startWorker } from "./processes/start-worker.ts";
import { createEffects, readEffects } from "./testing/effects.ts";
import { eventually } from "./testing/eventually.ts";
import { openGate } from "./testing/gate.ts";
import { startHoldingProxy } from "./testing/holding-proxy.ts";
import { finished } from "./testing/observe.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { type Stage, openStage } from "./testing/stage.ts";

const [type] = recordedTypes;
const env = {
  MILLRACE_WORKER_LEASE_MS: "8s",
  MILLRACE_WORKER_HEARTBEAT_MS: "1s",
  MILLRACE_WORKER_CONCURRENCY: "1",
  // A worker that is busy leaves what is new to the other.
  MILLRACE_WORKER_PREFETCH: "0",
};

/** An API and two workers, one of which is in the middle of the first attempt at a job. */
async function startMidJob(stage: Stage) {
  const { url: databaseUrl, database } = await stage.database();
  await createEffects({ url: databaseUrl });
  const gate = stage.own(await openGate());
  const [api, ...workers] = await Promise.all([
    startApi(stage, { databaseUrl }),
    ...["worker-1", "worker-2"].map((name) =>
      startWorker(stage, { name, databaseUrl, env: { ...env, E2E_EFFECTS_URL: databaseUrl } }),
    ),
  ]);
  const client = api.client();
  const job = await client.jobs.enqueue({
    type,
    payload: { gateUrl: gate.url, stubborn: true },
    retry: { kind: "fixed", delayMs: 0 },
  });
  const first = await gate.arrival(({ attempt }) => attempt === 1);
  const owner = workers.find(({ name }) => name === first.worker)!;
  const other = workers.find(({ name }) => name !== first.worker)!;
  return { database, gate, client, job, first, owner, other };
}

const lostLease = (worker: WorkerProcess, jobId: string) =>
  worker.line((line) => line["jobId"] === jobId && String(line.msg).includes("lease was lost"));

describe("a worker that is killed in the middle of a job", () => {
  test("leaves it to another after its lease, and each attempt has its effect once", async (context) => {
    const stage = await openStage(context);
    const { database, gate, client, job, owner, other } = await startMidJob(stage);

    owner.signal("SIGKILL");
    const second = await gate.arrival(({ attempt }) => attempt === 2);
    second.letGo();

    expect(await finished(client, job.id)).toMatchObject({
      status: "completed",
      attempts: 2,
      result: { worker: other.name },
      lastError: `lease expired (worker ${owner.name})`,
    });
    expect(await readEffects(database)).toEqual([
      { jobId: job.id, attempt: 1, worker: owner.name },
      { jobId: job.id, attempt: 2, worker: other.name },
    ]);
    expect((await client.queues.get("default")).counts).toMatchObject({ pending: 0, running: 0, completed: 1 });
  });
});

describe("a worker that stands still past its lease and then goes on", () => {
  test("can't finish the job that another has finished meanwhile, and says that it lost the lease", async (context) => {
    const stage = await openStage(context);
    const { database, gate, client, job, first, owner, other } = await startMidJob(stage);

    owner.signal("SIGSTOP");
    const second = await gate.arrival(({ attempt }) => attempt === 2);
    second.letGo();
    const completed = await finished(client, job.id);
    expect(completed).toMatchObject({ status: "completed", attempts: 2, result: { worker: other.name } });

    first.letGo();
    owner.signal("SIGCONT");
    await lostLease(owner, job.id);

    expect(await client.jobs.get(job.id)).toEqual(completed);
    expect((await client.queues.get("default")).counts).toMatchObject({ pending: 0, running: 0, completed: 1 });
    expect((await readEffects(database)).map(({ attempt, worker }) => [attempt, worker])).toEqual([
      [1, owner.name],
      [2, other.name],
    ]);
  });

  test("can't finish the job that another is working on, and goes on with other jobs", async (context) => {
    const stage = await openStage(context);
    const { gate, client, job, first, owner, other } = await startMidJob(stage);

    owner.signal("SIGSTOP");
    const second = await gate.arrival(({ attempt }) => attempt === 2);
    first.letGo();
    owner.signal("SIGCONT");
    await lostLease(owner, job.id);
    expect(await client.jobs.get(job.id)).toMatchObject({ status: "running", lockedBy: other.name, result: null });

    // The other one is busy at the gate, so this one is the owner's.
    const next = await client.jobs.enqueue({ type });
    expect(await finished(client, next.id)).toMatchObject({ status: "completed", result: { worker: owner.name } });

    second.letGo();
    expect(await finished(client, job.id)).toMatchObject({ status: "completed", result: { worker: other.name } });
  });
});

describe("a worker whose finish reaches the database when another has the job", () => {
  test("is refused by the fence, though it never knew that its lease was over", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    const wire = stage.own(await startHoldingProxy(databaseUrl));
    const gate = stage.own(await openGate());
    const [api, slow] = await Promise.all([
      startApi(stage, { databaseUrl }),
      startWorker(stage, { name: "worker-1", databaseUrl: wire.through(databaseUrl), env }),
    ]);
    const client = api.client();
    const retry = { kind: "fixed", delayMs: 0 } as const;
    const job = await client.jobs.enqueue({ type, payload: { gateUrl: gate.url }, retry });
    const first = await gate.arrival(({ attempt }) => attempt === 1);

    wire.hold();
    first.letGo();
    const settling = async () => ((await (await fetch(`${slow.url}/health`)).json()) as { settling: number }).settling;
    await eventually(settling).toBe(1);
    await startWorker(stage, { name: "worker-2", databaseUrl, env });
    const second = await gate.arrival(({ attempt }) => attempt === 2);

    wire.release();
    await lostLease(slow, job.id);
    expect(await client.jobs.get(job.id)).toMatchObject({ status: "running", lockedBy: "worker-2", result: null });
    second.letGo();
    expect(await finished(client, job.id)).toMatchObject({
      status: "completed",
      attempts: 2,
      result: { worker: "worker-2" },
    });
    expect((await client.queues.get("default")).counts).toMatchObject({ pending: 0, running: 0, completed: 1 });
  });
});
