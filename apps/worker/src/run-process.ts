import { ConfigError, configExitCode, formatProblems, loadConfig } from "@millrace/config";
import { isMillraceError } from "@millrace/contract";
import { onStopSignal } from "@millrace/core";

import { createWorkerLogger, type RunningWorker, startWorker } from "./start-worker.ts";
import { watchFaults } from "./watch-faults.ts";

/**
 * The worker as a process: runs until SIGTERM or SIGINT, drains and exits with 0; a second signal exits at once. A wrong configuration
 * exits with 78, anything else that prevents the start with 1.
 */
export async function runProcess(): Promise<never> {
  const end = Promise.withResolvers<{ readonly exitCode: number; readonly graceMs?: number }>();
  onStopSignal(() => end.resolve({ exitCode: 0 }));
  let worker: RunningWorker;
  try {
    const loaded = loadConfig({ sections: ["worker", "database", "ingest", "lake", "logging"] });
    for (const warning of loaded.warnings) process.stderr.write(`${warning}\n`);
    const logger = createWorkerLogger(loaded);
    // Before the first handler runs.
    watchFaults(logger, () => end.resolve({ exitCode: 1, graceMs: 0 }));
    worker = await startWorker(loaded, { logger });
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    return process.exit(error instanceof ConfigError ? configExitCode : 1);
  }
  const { exitCode, ...options } = await end.promise;
  await worker.stop(options);
  // Handlers that were abandoned may still hold timers and sockets.
  return process.exit(exitCode);
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) return formatProblems(error);
  if (isMillraceError(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
