import { loadConfig } from "@millrace/config";
import { explainFailure, onStopSignal } from "@millrace/core";
import type { Logger } from "@millrace/telemetry";
import { startTracing, type Tracing } from "@millrace/telemetry/otlp";

import { endInTurn } from "./end-in-turn.ts";
import { createWorkerLogger, type RunningWorker, startWorker } from "./start-worker.ts";
import { version } from "./version.ts";
import { watchFaults } from "./watch-faults.ts";

/**
 * The worker as a process: runs until SIGTERM or SIGINT, drains and exits with 0; a second signal exits at once. A wrong configuration
 * exits with 78, anything else that prevents the start with 1.
 */
export async function runProcess(): Promise<never> {
  const end = Promise.withResolvers<{ readonly exitCode: number; readonly graceMs?: number }>();
  onStopSignal(() => end.resolve({ exitCode: 0 }));
  let logger: Logger;
  let worker: RunningWorker;
  let tracing: Tracing;
  try {
    const loaded = loadConfig({ sections: ["worker", "database", "ingest", "lake", "logging", "telemetry"] });
    for (const warning of loaded.warnings) process.stderr.write(`${warning}\n`);
    logger = createWorkerLogger(loaded);
    // Before the first handler runs.
    watchFaults(logger, () => end.resolve({ exitCode: 1, graceMs: 0 }));
    // A job's traceparent is the API's own, or that of a program which enqueued it beside the API.
    const { serviceName: service = "millrace-worker", tracing: exporter } = loaded.config.telemetry;
    tracing = await startTracing({ service, version, ...exporter, trustsCallers: true, logger });
    worker = await startWorker(loaded, { logger });
  } catch (error) {
    const { message, exitCode } = explainFailure(error);
    process.stderr.write(`${message}\n`);
    return process.exit(exitCode);
  }
  const { exitCode, ...options } = await end.promise;
  // Not even a log that can't be written keeps the process from its end.
  await endInTurn(logger, [() => worker.stop(options)], [() => tracing.close()]).catch(() => undefined);
  // Handlers that were abandoned may still hold timers and sockets, and so may what failed to end.
  return process.exit(exitCode);
}
