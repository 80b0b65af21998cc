import type { Logger } from "@millrace/telemetry";

/**
 * A rejection that nobody handles belongs to no handler that we wait for: it is logged, and the other jobs go on. After an exception
 * that nobody caught nothing is certain any more: jobs are handed back and the process ends.
 */
export function watchFaults(logger: Logger, stop: () => void): void {
  process.on("unhandledRejection", (reason) => {
    logger.error({ err: reason }, "A promise was rejected that nobody waits for; a handler has left something running");
  });
  process.on("uncaughtException", (err) => {
    logger.error({ err }, "An exception was not caught; the worker hands its jobs back and ends");
    stop();
  });
}
