import { setTimeout as delay } from "node:timers/promises";

import { startApi } from "@millrace/api";
import { createLogger, createMetrics } from "@millrace/telemetry";

import { version } from "../version.ts";
import type { DevConfig } from "./dev-config.ts";
import type { Part } from "./part.ts";

export interface ApiPart extends Part {
  readonly url: string;
}

/** However much of the grace period the worker took, answers that are being written get this. */
const graceMsMin = 1_000;

/** Starts the HTTP API. @throws UNAVAILABLE with a sentence */
export async function startApiPart({ config, profile }: DevConfig): Promise<ApiPart> {
  const logger = createLogger({ service: "api", profile, ...config.logging });
  const metrics = createMetrics({ service: "api", version });
  const api = await startApi({ config, profile, logger, metrics });
  return {
    name: "The API",
    url: api.url,
    async stop(graceMs) {
      const over = new AbortController();
      const limit = delay(Math.max(graceMs, graceMsMin), undefined, { signal: over.signal }).catch(() => {});
      await Promise.race([api.drain(), limit]);
      over.abort();
      await api.close();
      logger.flush();
    },
  };
}
