import { loadConfig } from "@millrace/config";
import { onStopSignal } from "@millrace/core";
import { createLogger, createMetrics } from "@millrace/telemetry";

import { explain } from "./explain.ts";
import { startApi } from "./start-api.ts";
import { version } from "./version.ts";

/** Runs the API until it is told to stop; the exit code. */
async function run(): Promise<number> {
  const { config, profile, warnings } = loadConfig({
    sections: ["server", "database", "logging", "auth", "ingest", "lake", "query"],
  });
  const logger = createLogger({ service: "api", profile, ...config.logging });
  const metrics = createMetrics({ service: "api", version });
  for (const reason of warnings) logger.warn({ reason }, "The configuration is probably not meant so");
  const stop = new Promise<string>(onStopSignal);
  const api = await startApi({ config, profile, logger, metrics });
  logger.info({ url: api.url, version }, "Listening");
  const signal = await stop;
  logger.info({ signal }, "Stopping");
  await api.drain();
  await api.close();
  logger.info({}, "Stopped");
  logger.flush();
  return 0;
}

process.exitCode = await run().catch(explain);
