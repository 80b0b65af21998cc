import { createLogger } from "@millrace/telemetry";

import { describe } from "../explain.ts";
import type { DevConfig } from "./dev-config.ts";
import type { Part } from "./part.ts";

/**
 * Keeps a fault of a job's handler from ending the process without a word. A rejection that nobody handles is logged, and the rest
 * goes on; after an exception that nobody caught nothing is certain any more, and everything is stopped.
 */
export function watchFaults({ config, profile }: DevConfig): Part {
  const logger = createLogger({ service: "dev", profile, ...config.logging });
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const onRejection = (err: unknown): void => logger.error({ err }, "A promise was rejected that nobody waits for");
  const onException = (err: unknown): void => {
    logger.error({ err }, "An exception was not caught");
    resolve(`An exception was not caught: ${describe(err)}.`);
  };
  process.on("unhandledRejection", onRejection);
  process.on("uncaughtException", onException);
  return {
    name: "The watch over faults",
    ended,
    async stop() {
      process.off("unhandledRejection", onRejection);
      process.off("uncaughtException", onException);
      logger.flush();
    },
  };
}
