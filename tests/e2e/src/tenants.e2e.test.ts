import { describe, expect, test } from "vitest";

import { MillraceApiError, type MillraceClient } from "@millrace/client";

import type { Started } from "./history/event.ts";
import { startApi } from "./processes/start-api.ts";
import { startProcess } from "./processes/start-process.ts";
import { startWorker } from "./processes/start-worker.ts";
import { eventually } from "./testing/eventually.ts";
import { openGate } from "./testing/gate.ts";
import { countOpen, finished } from "./testing/observe.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { type Stage, openStage } from "./testing/stage.ts";

const [type] = recordedTypes;
const unknownId = "01890000-0000-7000-8000-000000000000";

/** Makes a tenant's first key as an operator does. */
async function makeKey(stage: Stage, databaseUrl: string, tenant: string): Promise<string> {
  const command = stage.keep(
    startProcess({
      name: `keys create ${tenant}`,
      program: "apps/cli/src/main.ts",
      args: ["keys", "create", "--name", "first", "--tenant", tenant],
      cwd: stage.folder,
      env: { MILLRACE_PROFILE: "test", DATABASE_URL: databaseUrl },
    }),
  );
  expect((await command.exited).code).toBe(0);
  return command.lines().find(({ text }) => text.startsWith("mr_"))!.text;
}

/** A refusal without what must differ from one answer to the next. */
async function refusal(call: Promise<unknown>): Promise<object> {
  const error: unknown = await call.then(
    () => new Error("It was allowed."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MillraceApiError)) throw error;
  return { status: error.status, code: error.code, title: error.problem?.title };
}

describe("a tenant", () => {
  test("can't see, change, cancel, repeat, delete or wait for another's jobs: they are as good as unknown ones", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    const gate = stage.own(await openGate());
    const [aliceKey, bobKey, api] = await Promise.all([
      makeKey(stage, databaseUrl, "alice"),
      makeKey(stage, databaseUrl, "bob"),
      startApi(stage, { databaseUrl, keys: "postgres" }),
      startWorker(stage, { name: "worker-1", databaseUrl }),
    ]);
    const alice = api.client({ apiKey: aliceKey });
    const bob = api.client({ apiKey: bobKey });

    const done = await alice.jobs.enqueue({ type, queue: "mail", idempotencyKey: "one" });
    expect(await finished(alice, done.id)).toMatchObject({ status: "completed" });
    const running = await alice.jobs.enqueue({ type, queue: "mail", payload: { gateUrl: gate.url } });
    const arrived = await gate.arrival(({ jobId }) => jobId === running.id);
    const pending = await alice.jobs.enqueue({ type, queue: "mail", delayMs: 3_600_000, tags: ["later"] });
    const jobs = [done.id, running.id, pending.id];
    const before = await Promise.all(jobs.map((id) => alice.jobs.get(id)));

    const attempts: readonly ((client: MillraceClient, id: string) => Promise<unknown>)[] = [
      (client, id) => client.jobs.get(id),
      (client, id) => client.jobs.update(id, { priority: 9 }),
      (client, id) => client.jobs.cancel(id),
      (client, id) => client.jobs.retry(id),
      (client, id) => client.jobs.delete(id),
      (client, id) => client.jobs.wait(id, { timeoutMs: 100 }),
    ];
    for (const attempt of attempts) {
      const unknown = await refusal(attempt(bob, unknownId));
      expect(unknown).toMatchObject({ status: 404, code: "JOB_NOT_FOUND" });
      for (const id of jobs) expect(await refusal(attempt(bob, id))).toEqual(unknown);
    }
    expect(await Promise.all(jobs.map((id) => alice.jobs.get(id)))).toEqual(before);

    expect((await bob.jobs.list()).items).toEqual([]);
    expect((await bob.jobs.list({ idempotencyKey: "one" })).items).toEqual([]);
    expect((await bob.jobs.list({ tag: "later" })).items).toEqual([]);
    expect(await bob.queues.list()).toEqual([]);
    expect((await bob.keys.list()).items.map(({ name }) => name)).toEqual(["first"]);

    // The same queue and the same idempotency key are Bob's own.
    const own = await bob.jobs.enqueue({ type, queue: "mail", idempotencyKey: "one" });
    expect(own.duplicate).toBe(false);
    expect(await finished(bob, own.id)).toMatchObject({ status: "completed" });
    expect((await bob.queues.get("mail")).counts).toMatchObject({ pending: 0, running: 0, completed: 1 });
    expect((await alice.queues.get("mail")).counts).toMatchObject({ pending: 1, running: 1, completed: 1 });
    arrived.letGo();
    expect(await finished(alice, running.id)).toMatchObject({ status: "completed" });
  });

  test("that floods a queue does not hold up another: its job starts before a fifth of the flood is through", async (context) => {
    const stage = await openStage(context);
    const flood = 2_000;
    const { url: databaseUrl } = await stage.database();
    const [api] = await Promise.all([
      startApi(stage, { databaseUrl }),
      startWorker(stage, { name: "worker-1", databaseUrl, env: { MILLRACE_WORKER_CONCURRENCY: "4" } }),
    ]);
    const alpha = api.client();
    const beta = api.client({ apiKey: "beta-key" });
    const effects = () => stage.history.read().filter((event): event is Started => event.kind === "started");

    await alpha.jobs.enqueueBatch(Array.from({ length: flood }, () => ({ type, payload: { runMs: 20 } })));
    const urgent = await beta.jobs.enqueue({ type });
    const before = effects().length;
    expect(await finished(beta, urgent.id)).toMatchObject({ status: "completed" });
    await eventually(() => countOpen(alpha), 200).toBe(0);

    const order = effects().map(({ jobId }) => jobId);
    expect(order).toHaveLength(flood + 1);
    const overtaken = order.indexOf(urgent.id) - before;
    expect(overtaken).toBeLessThan(flood / 5);
    // Else there was no flood to get past.
    expect(before).toBeLessThan(flood / 2);
  });
});
