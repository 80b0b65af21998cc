import type { LoadedConfig } from "@millrace/config";
import { compose, createWorker, type RunningMaterialiser, startMaterialiser, type Worker } from "@millrace/core";
import { createHttpRequestJob } from "@millrace/core/http-request";
import { createLogger, createMetrics, type Logger } from "@millrace/telemetry";

import { startHealthServer } from "./health-server.ts";
import { loadHandlers } from "./load-handlers.ts";
import { version } from "./version.ts";

export type WorkerConfig = LoadedConfig<"worker" | "database" | "ingest" | "lake" | "logging">;

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
  /** Drains the worker and closes everything. `graceMs` instead of `worker.shutdownGraceMs`. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

/** The logger of a worker's process. */
export function createWorkerLogger({ config, profile }: WorkerConfig): Logger {
  return createLogger({ service: "worker", profile, ...config.logging });
}

/** Runs the built-in job types and the configured handler modules. @throws ConfigError for handler modules, UNAVAILABLE for a health port that is taken */
export async function startWorker(loaded: WorkerConfig, options: StartWorkerOptions = {}): Promise<RunningWorker> {
  const { config, profile, sources } = loaded;
  const { handlers: modules, healthHost, healthPort, httpRequest, materialise, queues, ...settings } = config.worker;
  const logger = options.logger ?? createWorkerLogger(loaded);
  const metrics = createMetrics({ service: "worker", version });
  const builtIn = createHttpRequestJob(httpRequest);
  const handlers = await loadHandlers(modules, {
    cwd: options.cwd ?? process.cwd(),
    source: sources["worker.handlers"]?.label ?? "configuration",
    taken: [builtIn.type],
  });
  const composition = await compose({ database: config.database, ingest: config.ingest }, { logger, metrics, profile });
  const worker = createWorker({
    ...settings,
    queues: queues.includes("*") ? undefined : queues,
    store: composition.store,
    schedules: composition.schedules,
    listen: composition.db.listen,
    handlers: [builtIn, ...handlers],
    logger,
    metrics,
  });
  const { checkReady, db, bus, tables } = composition;
  let materialiser: RunningMaterialiser | undefined;
  const health =
    healthPort === 0
      ? undefined
      : await startHealthServer({
          host: healthHost,
          port: healthPort,
          health: () => ({ ...worker.health(), materialiser: materialiser?.health() }),
          checkReady,
          metrics,
        }).catch(async (error: unknown) => {
          await composition.close();
          throw error;
        });
  if (materialise) {
    materialiser = await startMaterialiser({ db, bus, tables, lake: config.lake, logger, metrics }).catch(
      async (error: unknown) => {
        await health?.close();
        await composition.close();
        throw error;
      },
    );
  }
  await worker.start();
  return {
    health: worker.health,
    healthUrl: health?.url,
    async stop(stopOptions) {
      await Promise.all([worker.stop(stopOptions), materialiser?.stop()]);
      await health?.close();
      await composition.close();
      logger.flush();
    },
  };
}
