import type { Config } from "@millrace/config";
import { MillraceError } from "@millrace/contract";
import { type Composition, createClaimDesk, startUpkeep, type Upkeep } from "@millrace/core";
import type { Logger, Metrics } from "@millrace/telemetry";

import type { Api } from "./api.ts";
import { createApp } from "./app.ts";
import { keyCheckMsDefault } from "./http/check-key-again.ts";
import { methodsOf } from "./http/unmatched.ts";
import { claimWaitersMaxDefault, createWaiters, waitersMaxDefault } from "./http/waiters.ts";
import { openApiDocument } from "./openapi/document.ts";
import { routes } from "./routes/index.ts";
import { metricsRoute } from "./routes/system/metrics.ts";
import { createHttpServer } from "./server.ts";

export interface ApiOptions {
  readonly config: Config["server"];
  /** Stays its owner's: it is not closed here. */
  readonly composition: Composition;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Most requests that may wait for jobs at once, a quarter of them for one tenant; default 5,000. */
  readonly waitersMax?: number | undefined;
  /** The same for claims that wait; default 4,096. */
  readonly claimWaitersMax?: number | undefined;
  /** Whether there is `/v1/metrics`; default true. */
  readonly servesMetrics?: boolean | undefined;
  /** How often the key of a stream is looked at; default 5,000. */
  readonly keyCheckMs?: number | undefined;
}

/** An API that can listen, and stop in good order. */
export interface RunnableApi {
  /** Resolves with its URL. @throws UNAVAILABLE when it can't listen */
  listen(): Promise<string>;
  /**
   * Stops in good order: unready at once, waits end, `drainDelayMs` for load balancers to notice, then no new connection, and what is under
   * way ends within what is left of `shutdownGraceMs`.
   */
  drain(): Promise<void>;
  /** Stops at once. */
  close(): Promise<void>;
}

/** What a query that is ended has for its answer to reach its client before connections are cut. */
const answerMs = 1_000;

/** Builds the API over the parts of a process. */
export function createApi(options: ApiOptions): RunnableApi {
  const { config, composition, logger, metrics, servesMetrics = true } = options;
  const { validator, ingestDesk } = composition;
  if (validator === undefined || ingestDesk === undefined)
    throw new MillraceError("INTERNAL", "The API needs the sections auth and ingest of the configuration.");
  const waiters = createWaiters(options.waitersMax ?? waitersMaxDefault);
  const claimWaiters = createWaiters(options.claimWaitersMax ?? claimWaitersMaxDefault);
  const { store, db } = composition;
  const desk = createClaimDesk({ store, listen: db.listen, logger, metrics });
  const served = servesMetrics ? routes : routes.filter((route) => route !== metricsRoute);
  const stopping = new AbortController();
  const ending = new AbortController();
  let document: string | undefined;
  const api: Api = {
    composition: { ...composition, ingestDesk },
    limits: config,
    logger,
    metrics,
    waiters,
    claimWaiters,
    desk,
    validator,
    keyCheckMs: options.keyCheckMs ?? keyCheckMsDefault,
    ending: ending.signal,
    isDraining: () => stopping.signal.aborted,
    openApi: () => (document ??= JSON.stringify(openApiDocument(served))),
  };
  const app = createApp({ api, routes: served, validator, corsOrigins: config.corsOrigins });
  const server = createHttpServer({
    fetch: app.fetch,
    methods: methodsOf(served),
    untraced: new Set(served.filter(({ quiet }) => quiet).map(({ path }) => path)),
    config,
    logger,
    metrics,
  });
  let listening = false;
  let upkeep: Upkeep | undefined;
  let drained: Promise<void> | undefined;

  async function stop(delayMs: number, graceMs: number): Promise<void> {
    if (!listening) return;
    stopping.abort();
    waiters.end();
    claimWaiters.end();
    server.leave();
    const upkeepDone = upkeep?.stop();
    await new Promise((resolve) => {
      setTimeout(resolve, delayMs);
    });
    const lastCall = setTimeout(
      () => ending.abort(new MillraceError("UNAVAILABLE", "The server is stopping.")),
      Math.max(0, graceMs - answerMs),
    );
    await Promise.all([server.stop(graceMs), upkeepDone]);
    clearTimeout(lastCall);
  }

  return {
    async listen() {
      const url = await server.listen();
      listening = true;
      // Where all workers speak HTTP, nobody else does it.
      upkeep = startUpkeep({ store, schedules: composition.schedules, listen: db.listen, logger, metrics });
      return url;
    },
    drain() {
      drained ??= stop(config.drainDelayMs, config.shutdownGraceMs - config.drainDelayMs);
      return drained;
    },
    async close() {
      await stop(0, 0);
      await desk.close();
    },
  };
}
