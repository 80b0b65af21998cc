import { setTimeout as delay } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { MillraceApiError, type Problem } from "@millrace/client";
import { connectDirectly } from "@millrace/storage";
import { cloneDatabase, startTestServer } from "@millrace/storage/testing";

import { checkHistory } from "./history/check-history.ts";
import { type ApiProcess, startApi } from "./processes/start-api.ts";
import { startWorker } from "./processes/start-worker.ts";
import { eventually } from "./testing/eventually.ts";
import { countOpen, observe } from "./testing/observe.ts";
import { seededRandom } from "./testing/random.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { type Stage, openStage } from "./testing/stage.ts";

/** Enqueuers that go on whatever happens, and write down what was acknowledged. */
interface Load {
  /** Resolves when so many more jobs are acknowledged. */
  more(count: number): Promise<void>;
  /** How calls ended that were not acknowledged: `503 UNAVAILABLE`. */
  readonly refusals: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** So that an enqueuer that is refused doesn't spin. */
const refusedPauseMs = 50;

/** Half of the enqueuers repeat a call until it is acknowledged, by its key; the others try once. */
function startLoad(stage: Stage, apis: readonly ApiProcess[]): Load {
  const random = seededRandom(7);
  const refusals = new Set<string>();
  let count = 0;
  let stopping = false;
  const enqueue = async (at: number): Promise<void> => {
    const once = apis[at % apis.length]!.client({ retriesMax: 0, timeoutMs: 120_000 });
    for (let turn = 0; !stopping; turn++) {
      const request = {
        type: recordedTypes[turn % recordedTypes.length]!,
        payload: random() < 0.1 ? { failures: 1 } : {},
        retry: { kind: "fixed", delayMs: 100 } as const,
        maxAttempts: 100,
        ...(at % 2 === 0 ? { idempotencyKey: `${at}-${turn}` } : {}),
      };
      for (;;) {
        try {
          const { id: jobId } = await once.jobs.enqueue(request);
          stage.history.append({ kind: "acknowledged", jobId, ends: "completed" });
          count++;
          break;
        } catch (error) {
          refusals.add(error instanceof MillraceApiError ? `${error.status} ${error.code}` : String(error));
          await delay(refusedPauseMs);
          if (!("idempotencyKey" in request)) break;
        }
      }
    }
  };
  const enqueuers = Array.from({ length: 6 }, (_, at) => enqueue(at));
  return {
    async more(wanted) {
      const goal = count + wanted;
      await eventually(() => count).toBeGreaterThanOrEqual(goal);
    },
    refusals,
    async stop() {
      stopping = true;
      await Promise.all(enqueuers);
    },
  };
}

/** A PostgreSQL of one's own with two APIs, two workers and load on it. */
async function startUnderLoad(stage: Stage) {
  const server = await startTestServer();
  stage.own({ close: () => server.remove() });
  const { url: databaseUrl } = await cloneDatabase(server.url);
  const env = { MILLRACE_WORKER_LEASE_MS: "5s", MILLRACE_WORKER_HEARTBEAT_MS: "1s" };
  const [api, otherApi, ...workers] = await Promise.all([
    startApi(stage, { name: "api-1", databaseUrl }),
    startApi(stage, { name: "api-2", databaseUrl }),
    ...["worker-1", "worker-2"].map((name) => startWorker(stage, { name, databaseUrl, env })),
  ]);
  const apis = [api, otherApi];
  const load = startLoad(stage, apis);

  /** Where health and readiness of each process are. */
  const bases = [...apis.map(({ url }) => `${url}/v1`), ...workers.map(({ url }) => url)];
  const readiness = () => Promise.all(bases.map(statusOf));

  /** Ends the load, waits for the jobs to end, and checks everything that was promised. */
  async function settle(): Promise<void> {
    await load.stop();
    const client = api.client();
    await eventually(() => countOpen(client), 200).toBe(0);
    const observed = await observe(client);
    for (const job of observed) stage.history.append(job);
    expect(checkHistory(stage.history.read(), { everyAttemptRuns: false })).toEqual([]);
    // Finishing a job twice would count it twice.
    expect((await client.queues.get("default")).counts).toMatchObject({ completed: observed.length, dead: 0 });
    expect([...apis, ...workers].filter((one) => one.exit() !== undefined)).toEqual([]);
    expect([...load.refusals].filter((refusal) => refusal !== "503 UNAVAILABLE")).toEqual([]);
  }

  return { server, databaseUrl, apis, bases, load, readiness, settle };
}

const statusOf = async (base: string) => (await fetch(`${base}/ready`)).status;
const green = [200, 200, 200, 200];
const red = [503, 503, 503, 503];

describe("PostgreSQL that goes away under load", () => {
  test(
    "costs nothing acknowledged and no process: the API says 503 meanwhile, and all goes on when it is back",
    { timeout: 600_000 },
    async (context) => {
      const stage = await openStage(context);
      const { server, apis, bases, load, readiness, settle } = await startUnderLoad(stage);
      const { key } = await apis[0]!.client().keys.create({ name: "asked for the first time", scopes: ["jobs:write"] });
      await load.more(200);

      for (const mode of ["fast", "immediate"] as const) {
        await server.stop({ mode });
        await eventually(readiness).toEqual(red);
        for (const base of bases) expect((await fetch(`${base}/health`)).status).toBe(200);
        // The first key is known to the process, the other has to be looked up.
        for (const apiKey of ["alpha-key", key]) {
          const refused = await fetch(`${apis[0]!.url}/v1/jobs`, {
            method: "POST",
            headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
            body: JSON.stringify({ type: recordedTypes[0] }),
          });
          expect(refused.status).toBe(503);
          expect(refused.headers.get("content-type")).toBe("application/problem+json");
          expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
          expect((await refused.json()) as Problem).toMatchObject({ code: "UNAVAILABLE", retryable: true });
        }
        await server.start();
        await eventually(readiness).toEqual(green);
        await load.more(200);
      }
      await server.restart({ mode: "immediate" });
      await load.more(200);
      await settle();
      expect([...load.refusals]).toEqual(["503 UNAVAILABLE"]);
    },
  );

  test(
    "by one connection after the other costs nothing acknowledged and no process",
    { timeout: 600_000 },
    async (context) => {
      const stage = await openStage(context);
      const { server, databaseUrl, load, readiness, settle } = await startUnderLoad(stage);
      const random = seededRandom(13);
      const admin = await connectDirectly({ url: server.url });
      const database = new URL(databaseUrl).pathname.slice(1);
      for (let killed = 0; killed < 80; killed++) {
        const backends = await admin.query<{ pid: number }>(
          {
            name: "list backends",
            text: "select pid from pg_stat_activity where datname = $1 and backend_type = 'client backend' order by pid",
          },
          [database],
        );
        const { pid } = backends[Math.floor(random() * backends.length)] ?? { pid: 0 };
        await admin.query({ name: "terminate", text: "select pg_terminate_backend($1::integer)" }, [pid]);
        await load.more(5);
      }
      await admin.close();
      await settle();
      await expect.poll(readiness).toEqual(green);
    },
  );
});
