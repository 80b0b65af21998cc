import type { LoadedConfig } from "@millrace/config";
import { maintenanceQueue, maintenanceTypes } from "@millrace/contract";
import {
  compose,
  createWorker,
  type RunningMaintenance,
  type RunningMaterialiser,
  startMaintenance,
  startMaterialiser,
  type Worker,
  within,
} from "@millrace/core";
import { createHttpRequestJob } from "@millrace/core/http-request";
import { createLogger, createMetrics, type Logger } from "@millrace/telemetry";

import { endInTurn } from "./end-in-turn.ts";
import { startHealthServer } from "./health-server.ts";
import { loadHandlers } from "./load-handlers.ts";
import { version } from "./version.ts";

export type WorkerConfig = LoadedConfig<"worker" | "database" | "ingest" | "lake" | "logging" | "telemetry">;

export interface StartWorkerOptions {
  /** What the paths of handler modules are relative to; default the process's. */
  readonly cwd?: string | undefined;
  /** Default: made from the configuration, writing to standard output. */
  readonly logger?: Logger | undefined;
}

export interface RunningWorker {
  readonly health: Worker["health"];
  /** Where health, readiness and metrics are; undefined when `worker.healthPort` is 0. */
  readonly healthUrl: string | undefined;
  /** Drains the worker and closes everything, within the grace and some seconds whatever doesn't answer or fails. `graceMs` instead of `worker.shutdownGraceMs`. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

/** One rewrites, which takes memory and is done by one at a time, while another deletes or looks. */
const keeperConcurrency = 2;
/** After the grace: to abort handlers, write what can be written and close. Whoever stops the process has to wait that much longer. */
const lastMs = 15_000;

/** The logger of a worker's process. */
export function createWorkerLogger({ config, profile }: WorkerConfig): Logger {
  return createLogger({ service: "worker", profile, ...config.logging });
}

/** Runs the built-in job types and the configured handler modules. @throws ConfigError for handler modules, UNAVAILABLE for a health port that is taken */
export async function startWorker(loaded: WorkerConfig, options: StartWorkerOptions = {}): Promise<RunningWorker> {
  const { config, profile, sources } = loaded;
  const { handlers: modules, healthHost, healthPort, httpRequest, materialise, queues, ...own } = config.worker;
  const logger = options.logger ?? createWorkerLogger(loaded);
  const metrics = createMetrics({ service: "worker", version });
  const builtIn = createHttpRequestJob(httpRequest);
  const handlers = await loadHandlers(modules, {
    cwd: options.cwd ?? process.cwd(),
    source: sources["worker.handlers"]?.label ?? "configuration",
    taken: [builtIn.type, ...Object.values(maintenanceTypes)],
  });
  const { database, ingest, lake: settings } = config;
  const composition = await compose(
    { database, ingest, ...(materialise && { lake: settings }) },
    { logger, metrics, profile },
  );
  const { checkReady, db, bus, tables, store, clock, lake } = composition;
  let maintenance: RunningMaintenance | undefined;
  if (lake !== undefined) {
    maintenance = await startMaintenance({ db, store, tables, clock, lake, settings, logger, metrics }).catch(
      async (error: unknown) => {
        await composition.close();
        throw error;
      },
    );
  }
  const worker = createWorker({
    ...own,
    queues: queues.includes("*") ? undefined : queues,
    store,
    schedules: composition.schedules,
    listen: db.listen,
    handlers: [builtIn, ...handlers],
    logger,
    metrics,
  });
  // Whoever writes the lake keeps it in order, whatever queues it works besides, and in slots of its own: jobs of users don't wait for it.
  const keeper =
    maintenance &&
    createWorker({
      ...own,
      name: own.name === undefined ? undefined : `${own.name.slice(0, 120)}:lake`,
      concurrency: keeperConcurrency,
      prefetch: 0,
      queues: [maintenanceQueue],
      store,
      listen: db.listen,
      handlers: maintenance.handlers,
      logger,
      // The gauges of slots are those of the other worker.
      metrics: { ...metrics, beforeRender: () => () => undefined },
    });
  let materialiser: RunningMaterialiser | undefined;
  const health =
    healthPort === 0
      ? undefined
      : await startHealthServer({
          host: healthHost,
          port: healthPort,
          health: () => ({ ...worker.health(), materialiser: materialiser?.health() }),
          checkReady: async () => [...(await checkReady()), ...(materialiser ? [await materialiser.checkReady()] : [])],
          metrics: config.telemetry.metrics ? metrics : undefined,
        }).catch(async (error: unknown) => {
          await maintenance?.close();
          await composition.close();
          throw error;
        });
  if (lake !== undefined) {
    materialiser = await startMaterialiser({ db, bus, tables, lake, settings, logger, metrics }).catch(
      async (error: unknown) => {
        await health?.close();
        await maintenance?.close();
        await composition.close();
        throw error;
      },
    );
  }

  const end = (graceMs: number): Promise<void> =>
    endInTurn(
      logger,
      [
        () => worker.stop({ graceMs }),
        () => keeper?.stop({ graceMs }),
        () => materialiser?.stop({ graceMs }),
        () => maintenance?.stopPlanning(),
      ],
      [() => maintenance?.close()],
      [() => health?.close()],
      [() => composition.close()],
    );

  await Promise.all([worker.start(), keeper?.start()]);
  maintenance?.plan();
  return {
    health: worker.health,
    healthUrl: health?.url,
    async stop(stopOptions) {
      const { graceMs = config.worker.shutdownGraceMs } = stopOptions ?? {};
      let isOver = false;
      await within(
        graceMs + lastMs,
        end(graceMs).then(() => (isOver = true)),
      );
      if (!isOver) logger.error({ graceMs }, "The worker ends before all has ended: something does not answer");
      logger.flush();
    },
  };
}
