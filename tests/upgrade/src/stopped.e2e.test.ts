import { join } from "node:path";

import { expect, test } from "vitest";

import type { JobJson, MillraceClient } from "@millrace/client";
import { openStage, recordedTypes } from "@millrace/e2e/processes";
import { countOpen, eventually, finished, openGate } from "@millrace/e2e/testing";

import { checkOut } from "./checkout/check-out.ts";
import { root } from "./checkout/root.ts";
import { whyUnavailable } from "./checkout/why-unavailable.ts";
import { releases } from "./releases.ts";
import { clientsOf, createDeployment, lakeEnv } from "./testing/deployment.ts";
import { startProducer } from "./testing/start-producer.ts";
import { startReceiver } from "./testing/start-receiver.ts";
import { verifyJobs } from "./testing/verify-jobs.ts";

const [type] = recordedTypes;
const done = { code: 0, signal: null };
/** For the busiest of machines; a minute is usual. */
const timeoutMs = 600_000;

/** A job that waits for its retry. */
async function failedOnce(client: MillraceClient): Promise<JobJson> {
  const retry = { kind: "fixed", delayMs: 20_000 } as const;
  const { id } = await client.jobs.enqueue({ type, payload: { failures: 1 }, retry });
  await eventually(async () => (await client.jobs.get(id)).errors.length).toBe(1);
  return client.jobs.get(id);
}

/** One job of each end. */
async function endedJobs(client: MillraceClient): Promise<readonly JobJson[]> {
  const { id: completed } = await client.jobs.enqueue({ type, idempotencyKey: "before", tags: ["kept"] });
  const { id: dead } = await client.jobs.enqueue({ type, payload: { dies: true } });
  const { id: cancelled } = await client.jobs.enqueue({ type, delayMs: 3_600_000 });
  await client.jobs.cancel(cancelled);
  return Promise.all([completed, dead, cancelled].map((id) => finished(client, id)));
}

test(
  "the first release is stopped with jobs in every state, migrated, and followed by this one without a job lost or doubled; and it can come back",
  async (context) => {
    const why = await whyUnavailable();
    if (why !== undefined) context.skip(why);
    const stage = await openStage(context);
    const firstRoot = join(stage.folder, "first");
    await checkOut(releases.first, firstRoot);
    const { url: databaseUrl } = await stage.database({ migrate: false });
    const before = createDeployment(stage, { root: firstRoot, databaseUrl });
    const after = createDeployment(stage, { root, databaseUrl, env: lakeEnv(stage.folder) });
    const [gate, receiver] = [stage.own(await openGate()), stage.own(await startReceiver())];

    expect(await (await before.migrate("up")).exited).toEqual(done);
    const [key, oldApi, ...oldWorkers] = await Promise.all([
      before.createKey(),
      before.startApi("old-api"),
      before.startWorker("old-worker-1"),
      before.startWorker("old-worker-2"),
    ]);
    const clients = clientsOf(key);
    let client = clients(oldApi.url, { retriesMax: 0 });
    const ended = await endedJobs(client);
    const retrying = await failedOnce(client);
    const later = await client.jobs.enqueue({ type, delayMs: 3_600_000 });
    const held = { type, payload: { gateUrl: gate.url }, idempotencyKey: "held" } as const;
    const lost = await client.jobs.enqueue({ ...held, retry: { kind: "fixed", delayMs: 0 } });
    const { worker: holder } = await gate.arrival(({ jobId }) => jobId === lost.id);
    const [frozen, stopped] = oldWorkers[0]?.name === holder ? oldWorkers : oldWorkers.toReversed();
    // From now on the other one has all that comes.
    frozen!.signal("SIGSTOP");
    const handedBack = await client.jobs.enqueue({ ...held, idempotencyKey: "held too" });
    await gate.arrival(({ jobId }) => jobId === handedBack.id);
    const producer = startProducer({
      client: () => client,
      receiverUrl: receiver.url,
      append: stage.history.append,
    });
    await eventually(producer.acknowledged).toBeGreaterThan(100);

    frozen!.signal("SIGKILL");
    stopped!.signal("SIGTERM");
    oldApi.signal("SIGTERM");
    expect(await Promise.all([stopped!.exited, oldApi.exited])).toEqual([done, done]);
    const up = await after.migrate("up");
    expect(await up.exited).toEqual(done);
    const versions = Number(up.lines().at(-1)?.["count"]) + releases.first.schemaVersion;
    const [api, newWorker, ...checks] = await Promise.all([
      after.startApi("new-api"),
      after.startWorker("new-worker"),
      after.migrate("up"),
      after.migrate("status", "--check"),
      after.migrate("verify"),
    ]);
    expect(checks.map((check) => check.exit())).toEqual(checks.map(() => done));
    client = clients(api.url, { retriesMax: 0 });
    const resumed = producer.acknowledged();
    await eventually(producer.acknowledged).toBeGreaterThan(resumed + 100);
    await producer.stop();
    await client.jobs.update(later.id, { delayMs: 0 });
    for (const { id } of [lost, handedBack]) {
      (await gate.arrival(({ jobId, worker }) => jobId === id && worker.startsWith("new"))).letGo();
      // A worker that hands a job back doesn't write it down.
      const given = {
        kind: "settled",
        verb: "release",
        fence: 0,
        worker: "old-worker",
        ok: null,
        status: null,
      } as const;
      stage.history.append({ ...given, jobId: id, fromMs: 0, atMs: 0 });
    }
    await eventually(() => countOpen(client), 250).toBe(0);

    await verifyJobs(stage, client, { producer, receiver });
    for (const job of ended) {
      expect(await client.jobs.get(job.id)).toMatchObject(job);
      const listed = await Array.fromAsync(client.jobs.all({ status: job.status, limit: 500 }));
      expect(listed.map(({ id }) => id)).toContain(job.id);
    }
    expect(await client.jobs.get(handedBack.id)).toMatchObject({ status: "completed", attempts: 1 });
    expect(await client.jobs.get(lost.id)).toMatchObject({ status: "completed", attempts: 2 });
    const { errors } = retrying;
    expect(await client.jobs.get(retrying.id)).toMatchObject({ status: "completed", attempts: 2, errors });
    const again = await client.jobs.enqueue({ type, idempotencyKey: "before", tags: ["kept"] });
    expect(again).toMatchObject({ id: ended[0]?.id, duplicate: true });

    await client.tables.create({ name: "clicks", columns: [{ name: "n", type: "int64" }] });
    const { visibilityToken } = await client.ingest("clicks", [{ idempotencyKey: "one", payload: { n: 1 } }]);
    const waiting = { minVisibilityToken: visibilityToken!, consistencyTimeoutMs: 60_000 };
    expect(await (await client.query("select n from clicks", waiting)).all()).toEqual([{ n: 1 }]);
    const inLake = async () => {
      const rows = await (await client.query("select id::varchar as id from system.jobs")).all();
      return rows.map(({ id }) => id);
    };
    await eventually(inLake, 500).toEqual(expect.arrayContaining([lost.id, handedBack.id, retrying.id, later.id]));
    expect(await inLake()).not.toContain(ended[0]?.id);

    const running = [api, newWorker];
    for (const { signal } of running) signal("SIGTERM");
    expect(await Promise.all(running.map(({ exited }) => exited))).toEqual(running.map(() => done));
    const back = ["down", "--to", String(releases.first.schemaVersion)];
    const refused = await before.migrate(...back);
    expect((await refused.exited).code).toBe(1);
    expect(refused.output()).toContain("loses data");
    const down = await before.migrate(...back, "--allow-data-loss");
    expect(await down.exited).toEqual(done);
    expect(down.lines().at(-1)).toMatchObject({ count: versions - releases.first.schemaVersion });

    const [oldAgain] = await Promise.all([before.startApi("old-api-again"), before.startWorker("old-worker-again")]);
    client = clients(oldAgain.url);
    for (const job of ended) expect(await client.jobs.get(job.id)).toEqual(job);
    expect(await client.jobs.get(lost.id)).toMatchObject({
      status: "completed",
      result: { worker: expect.any(String) },
    });
    const { id } = await client.jobs.enqueue({ type });
    expect(await finished(client, id)).toMatchObject({ status: "completed" });
  },
  timeoutMs,
);
