import type { IngestBus } from "@millrace/bus";
import { type Database, type HistoryStore, pendingLogs } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

import { jitter } from "../worker/backoff.ts";
import { type Loop, startLoop } from "../worker/loop.ts";
import type { Outages } from "../worker/outages.ts";

export interface LagOptions {
  readonly db: Database;
  readonly bus: Pick<IngestBus, "lag">;
  /** Without it finished jobs are not copied from here, and nothing is said of them. */
  readonly history: Pick<HistoryStore, "oldestWaitingMs"> | undefined;
  readonly metrics: Pick<Metrics, "lakeLagSeconds" | "lakeHistoryLagSeconds">;
  readonly outages: Outages;
}

const everyMs = 15_000;
/** Of so many tenants that were not published for longest the oldest event is looked for. */
const tenantsMax = 10;

/** Measures how far the lake is behind its sources, of all tenants together, until it is stopped. */
export function sampleLag({ db, bus, history, metrics, outages }: LagOptions): Loop {
  return startLoop({
    firstDelayMs: 0,
    async step() {
      metrics.lakeLagSeconds.set((await oldestPendingMs(db, bus)) / 1_000);
      if (history !== undefined) metrics.lakeHistoryLagSeconds.set((await history.oldestWaitingMs()) / 1_000);
      outages.recovered("lag");
      return jitter(everyMs);
    },
    onError: (error) => outages.failed("lag", error),
  });
}

async function oldestPendingMs(db: Database, bus: Pick<IngestBus, "lag">): Promise<number> {
  const tenants = await pendingLogs(db, tenantsMax);
  const lags = await Promise.all(tenants.map((tenantNo) => bus.lag(tenantNo)));
  // Two clocks: what the database accepted may lie ahead of ours.
  return Math.max(0, ...lags.map((lag) => (lag?.oldestPendingAt ? Date.now() - lag.oldestPendingAt.getTime() : 0)));
}
