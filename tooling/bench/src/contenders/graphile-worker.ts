import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import { Client } from "pg";

import { type Contender, type Payload, type Plan, queueName } from "./contender.ts";

type WorkerOptions = NonNullable<GraphileConfig.Preset["worker"]>;
type Variant = Pick<Contender, "name" | "title" | "plans" | "pace" | "settings"> & {
  readonly optionsFor: (plan: Plan) => WorkerOptions;
};

/** Silent: by default it writes a line for each job to standard output. */
const logger = new Logger(() => () => {});

/** Each job is fetched and completed by itself. */
export const graphileWorker = contenderOf({
  name: "graphile-worker",
  title: "graphile-worker, default mode",
  plans: ["enqueue", "bulk", "drain", "defaults", "steady", "steady-batches", "pickup"],
  pace: { drain: 2_500, defaults: 1_200 },
  settings(plan) {
    if (plan === "defaults") return "defaults (concurrentJobs 1), log silenced";
    return plan === "enqueue" || plan === "bulk" ? "pool of 10 connections" : "concurrentJobs 24, maxPoolSize 25";
  },
  optionsFor: (plan) => (plan === "defaults" ? {} : { concurrentJobs: 24, maxPoolSize: 25 }),
});

/** Jobs are fetched ahead and completed in batches: its fastest mode, with the values of its own performance test. */
export const graphileLocalQueue = contenderOf({
  name: "graphile-worker-local",
  title: "graphile-worker, local queue",
  plans: ["drain", "defaults", "steady", "steady-batches", "pickup"],
  pace: { drain: 30_000, defaults: 5_000 },
  settings(plan) {
    return plan === "defaults"
      ? "what its documentation says to start with: concurrentJobs 10, localQueue.size 11, batch delays 250 ms"
      : "concurrentJobs 24, maxPoolSize 25, localQueue.size 500 with a refetch delay of 10 ms, batch delays 0 ms";
  },
  optionsFor: (plan) =>
    plan === "defaults"
      ? { concurrentJobs: 10, localQueue: { size: 11 }, completeJobBatchDelay: 250, failJobBatchDelay: 250 }
      : {
          concurrentJobs: 24,
          maxPoolSize: 25,
          localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
});

function contenderOf({ optionsFor, ...variant }: Variant): Contender {
  return {
    ...variant,
    store: "postgres",
    install: (url) => runMigrations({ connectionString: url, logger }),
    async produce(url) {
      const utils = await makeWorkerUtils({ connectionString: url, maxPoolSize: 10, logger });
      const client = new Client({ connectionString: url });
      await client.connect();
      return {
        add: (payload) => utils.addJob(queueName, payload),
        addMany: (payloads) => utils.addJobs(payloads.map((payload) => ({ identifier: queueName, payload }))),
        async outcome() {
          const { rows } = await client.query<{ unfinished: number; failed: number }>(
            `select (count(*) filter (where attempts < max_attempts))::integer as unfinished,
                    (count(*) filter (where attempts >= max_attempts))::integer as failed from graphile_worker._private_jobs`,
          );
          return rows[0] ?? { unfinished: 0, failed: 0 };
        },
        async close() {
          await client.end();
          await utils.release();
        },
      };
    },
    async consume(url, plan, onJob) {
      const runner = await run({
        preset: { worker: { connectionString: url, logger, ...optionsFor(plan) } },
        noHandleSignals: true,
        taskList: { [queueName]: (payload) => onJob(payload as Payload) },
      });
      return { stop: () => runner.stop() };
    },
  };
}
