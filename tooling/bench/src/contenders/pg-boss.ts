import { Client } from "pg";
import { PgBoss } from "pg-boss";

import { type Contender, type Payload, type Plan, queueName } from "./contender.ts";

/** The fastest of the settings that were tried: two loops that fetch a thousand at a time and go on while batches come back full. */
const best = {
  batchSize: 1_000,
  localConcurrency: 2,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 0.5,
} as const;

/** A notification with every insert wakes workers at once; where jobs are enqueued one by one it costs more than it brings. */
const withNotify: readonly Plan[] = ["bulk", "drain", "steady-batches", "pickup"];

export const pgBoss: Contender = {
  name: "pg-boss",
  title: "pg-boss",
  store: "postgres",
  plans: ["enqueue", "bulk", "drain", "defaults", "steady", "steady-batches", "pickup"],
  pace: { drain: 20_000, defaults: 0.5 },
  settings(plan) {
    if (plan === "defaults") return "defaults (batchSize 1, polling every 2 s)";
    const notify = `notify ${withNotify.includes(plan) ? "on" : "off"}`;
    if (plan === "enqueue" || plan === "bulk") return `pool of 10 connections, ${notify}`;
    return `batchSize 1000, localConcurrency 2, burstWhenBatchFull, polling every 0.5 s, ${notify}`;
  },
  async install(url, plan) {
    const boss = await start(url, { supervise: false });
    await boss.createQueue(queueName, { notify: withNotify.includes(plan) });
    await boss.stop();
  },
  async produce(url) {
    const boss = await start(url, { supervise: false, max: 10 });
    const client = new Client({ connectionString: url });
    await client.connect();
    return {
      add: (payload) => boss.send(queueName, payload),
      addMany: (payloads) =>
        boss.insert(
          queueName,
          payloads.map((data) => ({ data })),
        ),
      async outcome() {
        const { rows } = await client.query<{ unfinished: number; failed: number }>(
          `select (count(*) filter (where state < 'completed'))::integer as unfinished,
                  (count(*) filter (where state > 'completed'))::integer as failed from pgboss.job where name = $1`,
          [queueName],
        );
        return rows[0] ?? { unfinished: 0, failed: 0 };
      },
      async close() {
        await client.end();
        await boss.stop();
      },
    };
  },
  async consume(url, plan, onJob) {
    const useListenNotify = withNotify.includes(plan);
    const boss = await start(url, plan === "defaults" ? {} : { max: 4, useListenNotify });
    const handle = async (jobs: readonly { readonly data: Payload }[]) => {
      for (const { data } of jobs) onJob(data);
    };
    await boss.work<Payload>(queueName, plan === "defaults" ? {} : best, handle);
    return { stop: () => boss.stop() };
  },
};

async function start(url: string, options: Omit<ConstructorParameters<typeof PgBoss>[0] & object, "connectionString">) {
  const boss = new PgBoss({ connectionString: url, schedule: false, ...options });
  boss.on("error", (error) => console.error(`pg-boss: ${String(error)}`));
  return boss.start();
}
