import { createLogger } from "@millrace/telemetry";
import { startTracing } from "@millrace/telemetry/otlp";

import { version } from "../version.ts";
import type { DevConfig } from "./dev-config.ts";
import type { Part } from "./part.ts";

/** Traces everything that runs in this process, if it is configured to. */
export async function startTraces({ config, profile }: DevConfig): Promise<Part> {
  const logger = createLogger({ service: "dev", profile, ...config.logging });
  const { serviceName: service = "millrace-dev", tracing: exporter } = config.telemetry;
  const tracing = await startTracing({ service, version, ...exporter, trustsCallers: false, logger });
  return {
    name: "Tracing",
    async stop() {
      await tracing.close();
      logger.flush();
    },
  };
}
