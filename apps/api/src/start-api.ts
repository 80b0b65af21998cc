import type { Config, Profile } from "@millrace/config";
import { type Composition, compose } from "@millrace/core";
import type { Logger, Metrics } from "@millrace/telemetry";

import { type ApiOptions, createApi } from "./create-api.ts";

export interface StartApiOptions extends Pick<ApiOptions, "waitersMax"> {
  readonly config: Pick<Config, "server" | "database" | "auth" | "ingest"> &
    Partial<Pick<Config, "lake" | "query" | "telemetry">>;
  readonly profile: Profile;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Parts that the process has already; they stay its own. Without them the API composes and closes its own. */
  readonly composition?: Composition | undefined;
}

export interface StartedApi {
  readonly url: string;
  /** Stops in good order; see `RunnableApi`. */
  drain(): Promise<void>;
  /** Stops at once, and closes what this API has composed. */
  close(): Promise<void>;
}

/** Starts an API: composes its parts unless it is given them, and listens. @throws UNAVAILABLE when it can't listen */
export async function startApi(options: StartApiOptions): Promise<StartedApi> {
  const { config, profile, logger, metrics } = options;
  const composition = options.composition ?? (await compose(config, { logger, metrics, profile }));
  const closeOwn = async () => {
    if (options.composition === undefined) await composition.close();
  };
  const api = createApi({
    config: config.server,
    composition,
    logger,
    metrics,
    servesMetrics: config.telemetry?.metrics,
    waitersMax: options.waitersMax,
  });
  try {
    const url = await api.listen();
    return {
      url,
      drain: () => api.drain(),
      async close() {
        await api.close();
        await closeOwn();
      },
    };
  } catch (error) {
    await closeOwn();
    throw error;
  }
}
