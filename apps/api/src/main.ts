import { loadConfig } from "@millrace/config";
import { onStopSignal } from "@millrace/core";
import { createLogger, createMetrics } from "@millrace/telemetry";
import { startTracing } from "@millrace/telemetry/otlp";

import { explain } from "./explain.ts";
import { startApi } from "./start-api.ts";
import { version } from "./version.ts";

/** Runs the API until it is told to stop; the exit code. */
async function run(): Promise<number> {
  const { config, profile, warnings } = loadConfig({
    sections: ["server", "database", "logging", "auth", "ingest", "lake", "query", "telemetry"],
  });
  const logger = createLogger({ service: "api", profile, ...config.logging });
  const metrics = createMetrics({ service: "api", version });
  for (const reason of warnings) logger.warn({ reason }, "The configuration is probably not meant so");
  const stop = new Promise<string>(onStopSignal);
  // Whoever calls is a stranger: that it records a trace is no reason for us to.
  const { serviceName: service = "millrace-api", tracing: exporter } = config.telemetry;
  const tracing = await startTracing({ service, version, ...exporter, trustsCallers: false, logger });
  const api = await startApi({ config, profile, logger, metrics });
  logger.info({ url: api.url, version }, "Listening");
  const signal = await stop;
  logger.info({ signal }, "Stopping");
  await api.drain();
  await api.close();
  await tracing.close();
  logger.info({}, "Stopped");
  logger.flush();
  return 0;
}

process.exitCode = await run().catch(explain);
// An export to a collector that doesn't answer may still hold a timer.
setTimeout(() => process.exit(), 500).unref();
