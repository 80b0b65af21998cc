import { describe, expect, test } from "vitest";

import type { EnqueueRequest, MillraceClient } from "@millrace/client";

import { checkHistory } from "./history/check-history.ts";
import { type ApiProcess, startApi, tenants } from "./processes/start-api.ts";
import { type WorkerProcess, startWorker } from "./processes/start-worker.ts";
import { createEffects, readEffects } from "./testing/effects.ts";
import { eventually } from "./testing/eventually.ts";
import { countOpen, observe } from "./testing/observe.ts";
import { seededRandom } from "./testing/random.ts";
import { readMetric } from "./testing/read-metric.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { openStage } from "./testing/stage.ts";

/** What happens to a job, and how it has to end. */
interface Fate {
  readonly payload: { readonly dies?: boolean; readonly failures?: number };
  readonly maxAttempts: number;
  readonly attempts: number;
  readonly ends: "completed" | "dead";
}

interface PlannedJob extends Pick<Fate, "ends" | "attempts"> {
  readonly tenant: (typeof tenants)[number];
  readonly request: EnqueueRequest;
}

/** Of a hundred jobs. */
const fates: readonly (Fate & { readonly share: number })[] = [
  { share: 80, payload: {}, maxAttempts: 5, attempts: 1, ends: "completed" },
  { share: 10, payload: { failures: 1 }, maxAttempts: 5, attempts: 2, ends: "completed" },
  { share: 3, payload: { failures: 2 }, maxAttempts: 5, attempts: 3, ends: "completed" },
  { share: 3, payload: { failures: 2 }, maxAttempts: 2, attempts: 2, ends: "dead" },
  { share: 4, payload: { dies: true }, maxAttempts: 5, attempts: 1, ends: "dead" },
];
const jobCount = 5_000;
const singles = 1_000;
const batchSize = 200;
const enqueuers = 20;
const queues = ["mail", "reports", "default"];

/** Most jobs succeed at once; some are delayed, some fail first, some die: by a handler's word, or out of attempts. */
function plan(): readonly PlannedJob[] {
  const random = seededRandom(5_000);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const lots = fates.flatMap((fate) => Array.from({ length: fate.share }, () => fate));
  return Array.from({ length: jobCount }, () => {
    const { payload, maxAttempts, attempts, ends } = pick(lots);
    return {
      tenant: pick(tenants),
      request: {
        type: pick(recordedTypes),
        queue: pick(queues),
        payload,
        priority: Math.floor(random() * 3),
        retry: { kind: "fixed", delayMs: Math.floor(random() * 200) },
        maxAttempts,
        ...(random() < 0.1 ? { delayMs: Math.floor(random() * 1_500) } : {}),
      },
      attempts,
      ends,
    };
  });
}

/** Enqueues the first jobs one by one, the others in batches by tenant, through both APIs in turns; the ids in the order of the jobs. */
async function enqueueAll(
  jobs: readonly PlannedJob[],
  apis: readonly ApiProcess[],
): Promise<ReadonlyMap<string, PlannedJob>> {
  const ids = new Map<string, PlannedJob>();
  let turn = 0;
  const nextClient = (tenant: string): MillraceClient =>
    apis[turn++ % apis.length]!.client({ apiKey: `${tenant}-key` });
  const alone = jobs.slice(0, singles).values();
  const batches = tenants
    .flatMap((tenant) => {
      const own = jobs.slice(singles).filter((job) => job.tenant === tenant);
      return Array.from({ length: Math.ceil(own.length / batchSize) }, (_, at) =>
        own.slice(at * batchSize, (at + 1) * batchSize),
      );
    })
    .values();
  const enqueueAlone = async () => {
    for (const job of alone) ids.set((await nextClient(job.tenant).jobs.enqueue(job.request)).id, job);
  };
  const enqueueBatches = async () => {
    for (const batch of batches) {
      const items = await nextClient(batch[0]!.tenant).jobs.enqueueBatch(batch.map(({ request }) => request));
      for (const [at, { id }] of items.entries()) ids.set(id, batch[at]!);
    }
  };
  await Promise.all([...Array.from({ length: enqueuers }, enqueueAlone), enqueueBatches(), enqueueBatches()]);
  return ids;
}

const sum = async (workers: readonly WorkerProcess[], name: string, labels?: Readonly<Record<string, string>>) => {
  const values = await Promise.all(workers.map(({ url }) => readMetric(`${url}/metrics`, name, labels)));
  return values.reduce((total, value) => total + value, 0);
};

describe("two APIs and three workers on one database", () => {
  test(
    "run 5,000 jobs: each attempt once, none lost, none finished by a stale owner, and all counts agree",
    { timeout: 600_000 },
    async (context) => {
      const stage = await openStage(context);
      const { url: databaseUrl, database } = await stage.database();
      await createEffects({ url: databaseUrl });
      const apis = await Promise.all(["api-1", "api-2"].map((name) => startApi(stage, { name, databaseUrl })));
      const env = { E2E_EFFECTS_URL: databaseUrl, MILLRACE_WORKER_CONCURRENCY: "20" };
      const workers = await Promise.all(
        ["worker-1", "worker-2", "worker-3"].map((name) => startWorker(stage, { name, databaseUrl, env })),
      );

      const planned = await enqueueAll(plan(), apis);
      expect(planned.size).toBe(jobCount);
      for (const [jobId, { ends }] of planned) stage.history.append({ kind: "acknowledged", jobId, ends });

      const clients = tenants.map((tenant) => apis[0]!.client({ apiKey: `${tenant}-key` }));
      const open = async () => (await Promise.all(clients.map(countOpen))).reduce((a, b) => a + b, 0);
      await eventually(open, 200).toBe(0);

      const observed = (await Promise.all(clients.map(observe))).flat();
      for (const job of observed) stage.history.append(job);
      expect(checkHistory(stage.history.read())).toEqual([]);
      expect(observed.length).toBe(jobCount);
      expect(observed.filter(({ jobId, attempts }) => planned.get(jobId)?.attempts !== attempts)).toEqual([]);

      const effects = await readEffects(database);
      const attempts = [...planned].flatMap(([jobId, job]) =>
        Array.from({ length: job.attempts }, (_, at) => `${jobId} ${at + 1}`),
      );
      expect(effects.map(({ jobId, attempt }) => `${jobId} ${attempt}`)).toEqual(attempts.toSorted());
      expect(new Set(effects.map(({ worker }) => worker)).size).toBe(3);

      const counted = [...planned.values()];
      for (const [at, tenant] of tenants.entries()) {
        for (const queue of await clients[at]!.queues.list()) {
          const own = counted.filter((job) => job.tenant === tenant && job.request.queue === queue.name);
          const completed = own.filter(({ ends }) => ends === "completed").length;
          expect(queue).toMatchObject({
            counts: { pending: 0, running: 0, completed, dead: own.length - completed, cancelled: 0 },
            scheduled: 0,
            oldestPendingAgeMs: null,
          });
        }
      }

      const dead = counted.filter(({ ends }) => ends === "dead").length;
      const finished = (outcome: string) => sum(workers, "millrace_jobs_finished_total", { outcome });
      await eventually(() => finished("completed")).toBe(jobCount - dead);
      await eventually(() => finished("dead")).toBe(dead);
      await eventually(() => finished("retried")).toBe(attempts.length - jobCount);
      expect(await finished("cancelled")).toBe(0);
      expect(await sum(workers, "millrace_lease_lost_total")).toBe(0);
      expect(await sum(workers, "millrace_rescued_total")).toBe(0);
      const enqueued = await Promise.all(
        apis.map(({ url }) => readMetric(`${url}/v1/metrics`, "millrace_jobs_enqueued_total", { outcome: "created" })),
      );
      expect(enqueued.every((count) => count > 0)).toBe(true);
      expect(enqueued.reduce((a, b) => a + b, 0)).toBe(jobCount);
    },
  );
});
