import { createPostgresBackend, createRedisBackend, withBackend } from "bullmq";

import { type Contender, type Payload, queueName } from "./contender.ts";

const onRedis = withBackend(createRedisBackend);
const onPostgres = withBackend(createPostgresBackend);

/** Kept as they are made: jobs stay after completion, as by default. */
const concurrency = 200;

/** The parts of a queue that are measured, the same on both backends. */
interface Queue {
  add(name: string, data: Payload): Promise<unknown>;
  addBulk(jobs: { readonly name: string; readonly data: Payload }[]): Promise<unknown>;
  getJobCounts(...types: ("wait" | "active" | "delayed" | "prioritized" | "failed")[]): Promise<Record<string, number>>;
  close(): Promise<void>;
}

interface Backend extends Pick<Contender, "name" | "title" | "store" | "pace" | "install"> {
  readonly connections: string;
  openQueue(url: string): Promise<Queue>;
  openWorker(
    url: string,
    options: { readonly concurrency?: number },
    handle: (job: { readonly data: Payload }) => Promise<void>,
  ): Promise<{ close(): Promise<void> }>;
}

/** On Redis, as it is mostly used. */
export const bullmqRedis = contenderOf({
  name: "bullmq-redis",
  title: "BullMQ on Redis, appendfsync always",
  store: "redis",
  pace: { drain: 12_000, defaults: 1_500 },
  connections: "one ioredis connection",
  install: async () => {},
  async openQueue(url) {
    const queue = new onRedis.Queue<Payload>(queueName, { connection: { url } });
    await queue.waitUntilReady();
    return queue;
  },
  async openWorker(url, options, handle) {
    // BullMQ asks for it on a worker's connection, which waits for jobs as long as it takes.
    const connection = { url, maxRetriesPerRequest: null };
    const worker = new onRedis.Worker<Payload>(queueName, handle, { connection, ...options });
    await worker.waitUntilReady();
    return worker;
  },
});

/** On PostgreSQL, since BullMQ 6. */
export const bullmqPostgres = contenderOf({
  name: "bullmq-postgres",
  title: "BullMQ on PostgreSQL",
  store: "postgres",
  pace: { drain: 2_000, defaults: 400 },
  connections: "pool of 10 connections",
  async install(url) {
    const queue = new onPostgres.Queue<Payload>(queueName, { connection: { connectionString: url, migrate: true } });
    await queue.waitUntilReady();
    await queue.close();
  },
  async openQueue(url) {
    const queue = new onPostgres.Queue<Payload>(queueName, { connection: { connectionString: url, max: 10 } });
    await queue.waitUntilReady();
    return queue;
  },
  async openWorker(url, options, handle) {
    const connection = { connectionString: url, max: 25 };
    const worker = new onPostgres.Worker<Payload>(queueName, handle, { connection, ...options });
    await worker.waitUntilReady();
    return worker;
  },
});

function contenderOf({ connections, openQueue, openWorker, ...backend }: Backend): Contender {
  return {
    ...backend,
    plans: ["enqueue", "bulk", "drain", "defaults", "steady", "steady-batches", "pickup"],
    settings(plan) {
      if (plan === "defaults") return "defaults (concurrency 1)";
      return plan === "enqueue" || plan === "bulk" ? connections : `concurrency ${concurrency}, completed jobs kept`;
    },
    async produce(url) {
      const queue = await openQueue(url);
      return {
        add: (payload) => queue.add(queueName, payload),
        addMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name: queueName, data }))),
        async outcome() {
          const { failed = 0, ...open } = await queue.getJobCounts(
            "wait",
            "active",
            "delayed",
            "prioritized",
            "failed",
          );
          return { unfinished: Object.values(open).reduce((sum, count) => sum + count, 0), failed };
        },
        close: () => queue.close(),
      };
    },
    async consume(url, plan, onJob) {
      const options = plan === "defaults" ? {} : { concurrency };
      const worker = await openWorker(url, options, async ({ data }) => onJob(data));
      return { stop: () => worker.close() };
    },
  };
}
