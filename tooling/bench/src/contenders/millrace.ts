import { tmpdir } from "node:os";

import { z } from "zod";

import { loadConfig } from "@millrace/config";
import { compose, type Composition, createWorker, type Ctx, defineJob, enqueueBatch } from "@millrace/core";
import { connectDirectly } from "@millrace/storage";
import { up } from "@millrace/storage/migrate";
import { createMetrics, silentLogger } from "@millrace/telemetry";

import { type Contender, type Outcome, type Payload, queueName } from "./contender.ts";

type Variant = Pick<Contender, "name" | "title" | "plans" | "pace"> & {
  readonly worker: { readonly concurrency?: number; readonly prefetch?: number };
};

/** Of the finished jobs only those that didn't complete are counted: they are in partitions of their own. */
const outcomeStatement = {
  name: "outcome",
  text: `select (select count(*) from millrace.jobs)::integer as unfinished,
    (select count(*) from millrace.job_history where status in ('dead', 'cancelled'))::integer as failed`,
};

/** As it comes: nothing but the database's address is set. */
export const millrace = contenderOf({
  name: "millrace",
  title: "Millrace, defaults",
  plans: ["enqueue", "bulk", "drain", "defaults", "steady", "steady-batches", "pickup"],
  pace: { drain: 40_000, defaults: 40_000 },
  worker: {},
});

/** With room for more jobs at a time. */
export const millraceTuned = contenderOf({
  name: "millrace-tuned",
  title: "Millrace, tuned",
  plans: ["drain", "steady", "steady-batches"],
  pace: { drain: 40_000, defaults: 40_000 },
  worker: { concurrency: 500, prefetch: 1_000 },
});

function contenderOf({ worker, ...variant }: Variant): Contender {
  return {
    ...variant,
    store: "postgres",
    settings: (plan) => (plan === "enqueue" || plan === "bulk" ? "defaults (pool of 10 connections)" : wordsOf(worker)),
    async install(url) {
      await up({ url });
    },
    async produce(url) {
      const parts = await composeParts(url);
      const { store } = parts;
      const job = jobOf(() => {});
      const client = await connectDirectly({ url });
      const ctx: Ctx = { store, actor: { tenantId: "default", scopes: ["*"] }, metrics: parts.metrics };
      return {
        add: (payload) => job.enqueue(ctx, payload),
        addMany: (payloads) => enqueueBatch(ctx, { jobs: payloads.map((payload) => job.request(payload)) }),
        async outcome() {
          const [row] = await client.query<Outcome>(outcomeStatement);
          return row ?? { unfinished: 0, failed: 0 };
        },
        async close() {
          await client.close();
          await parts.close();
        },
      };
    },
    async consume(url, _plan, onJob) {
      const parts = await composeParts(url);
      const { store, db, metrics } = parts;
      const runtime = createWorker({ ...worker, store, listen: db.listen, handlers: [jobOf(onJob)], metrics });
      await runtime.start();
      return {
        async stop() {
          await runtime.stop();
          await parts.close();
        },
      };
    },
  };
}

/** The parts of a process, from the configuration that a process has without any. */
async function composeParts(
  url: string,
): Promise<Composition & { readonly metrics: ReturnType<typeof createMetrics> }> {
  const { config } = loadConfig({ sections: ["database"], env: { DATABASE_URL: url }, cwd: tmpdir() });
  const metrics = createMetrics({ service: "bench", version: "0.0.0" });
  return { ...(await compose(config, { logger: silentLogger, metrics })), metrics };
}

function jobOf(onJob: (payload: Payload) => void) {
  return defineJob({
    type: "mail.send",
    queue: queueName,
    input: z.object({
      i: z.int(),
      to: z.string(),
      template: z.string(),
      locale: z.string(),
      at: z.number().optional(),
    }),
    handler: ({ payload }) => onJob(payload),
  });
}

function wordsOf(options: Variant["worker"]): string {
  const words = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  return words.length === 0 ? "defaults of createWorker (concurrency 50)" : words.join(", ");
}
