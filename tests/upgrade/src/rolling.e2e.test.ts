import { join } from "node:path";

import { expect, test } from "vitest";

import type { JobJson } from "@millrace/client";
import { type RunningProcess, openStage, recordedTypes, startBalancer } from "@millrace/e2e/processes";
import { countOpen, eventually, openGate } from "@millrace/e2e/testing";

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
const secondMs = 1_000;

test(
  "the release before events serves and works on while it is migrated and replaced one process at a time: no request fails, no job is lost or doubled, no tick is missed",
  async (context) => {
    const why = await whyUnavailable();
    if (why !== undefined) context.skip(why);
    const stage = await openStage(context);
    const oldRoot = join(stage.folder, "before-events");
    await checkOut(releases.beforeEvents, oldRoot);
    const { url: databaseUrl } = await stage.database({ migrate: false });
    const before = createDeployment(stage, { root: oldRoot, databaseUrl });
    const after = createDeployment(stage, { root, databaseUrl, env: lakeEnv(stage.folder) });
    const [gate, receiver] = [stage.own(await openGate()), stage.own(await startReceiver())];

    expect(await (await before.migrate("up")).exited).toEqual(done);
    const [key, oldApi, oldWorker] = await Promise.all([
      before.createKey(),
      before.startApi("old-api"),
      before.startWorker("old-worker"),
    ]);
    const clients = clientsOf(key);
    const balancer = stage.own(startBalancer([oldApi.url]));
    await eventually(balancer.readyCount).toBe(1);
    const client = () => clients(balancer.next(), { retriesMax: 0 });

    const held = await client().jobs.enqueue({ type, payload: { gateUrl: gate.url }, maxAttempts: 1 });
    const { letGo } = await gate.arrival(({ jobId }) => jobId === held.id);
    const waiting = await client().jobs.enqueue({ type, dependsOn: [held.id] });
    await client().schedules.create({
      name: "each-second",
      cron: "* * * * * *",
      timeZone: "UTC",
      misfirePolicy: "all",
      job: { type },
    });
    await client().queues.put("paused", {});
    await client().queues.pause("paused");
    const parked = await client().jobs.enqueue({ type, queue: "paused" });
    const ticks = async (): Promise<readonly JobJson[]> => {
      const jobs: JobJson[] = [];
      for await (const job of client().jobs.all({ tag: "schedule:each-second", limit: 500 })) jobs.unshift(job);
      return jobs;
    };

    const producer = startProducer({ client, receiverUrl: receiver.url, append: stage.history.append });
    const goOn = async () => {
      const now = producer.acknowledged();
      await eventually(producer.acknowledged).toBeGreaterThan(now + 50);
    };
    const completedSince = async (time: string) => {
      const { items } = await client().jobs.list({ type, status: "completed", createdAfter: time, limit: 50 });
      return items.map(({ id }) => id);
    };
    await goOn();

    const up = await after.migrate("up");
    expect(await up.exited).toEqual(done);
    expect(up.lines().at(-1)?.["count"]).toBeGreaterThan(0);
    const migratedAt = new Date().toISOString();
    await goOn();
    await eventually(balancer.readyCount).toBe(1);
    letGo();
    await eventually(async () => (await client().jobs.get(held.id)).status).toBe("completed");
    await eventually(() => completedSince(migratedAt)).not.toEqual([]);
    const byOld = await completedSince(migratedAt);

    const replace = async (old: RunningProcess) => {
      await goOn();
      old.signal("SIGTERM");
      expect(await old.exited).toEqual(done);
      await goOn();
    };
    const [newApi] = await Promise.all([after.startApi("new-api"), after.startWorker("new-worker")]);
    balancer.add(newApi.url);
    await eventually(balancer.readyCount).toBe(2);
    await replace(oldWorker);
    await replace(oldApi);
    await producer.stop();
    expect(producer.failures()).toEqual([]);

    await client().queues.resume("paused");
    await client().schedules.delete("each-second");
    await eventually(() => countOpen(client()), 250).toBe(0);
    await verifyJobs(stage, client(), { producer, receiver, limits: { perKey: 1 } });
    expect(await client().jobs.get(held.id)).toMatchObject({ attempts: 1, result: { worker: "old-worker" } });
    for (const { id } of [waiting, parked]) {
      expect(await client().jobs.get(id)).toMatchObject({ status: "completed", attempts: 1 });
    }
    const times = (await ticks()).map(({ scheduledAt }) => Date.parse(scheduledAt));
    expect(times).toEqual(times.map((_, at) => times[0]! + at * secondMs));

    const inLake = async () => {
      const rows = await (await client().query("select id::varchar as id from system.jobs")).all();
      return rows.map(({ id }) => id);
    };
    // What an old worker has ended on the new schema is there as well.
    await eventually(inLake, 500).toEqual(expect.arrayContaining([...byOld, held.id, waiting.id, parked.id]));
  },
  timeoutMs,
);
