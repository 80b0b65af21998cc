import type { IngestBus } from "@millrace/bus";
import type { HistoryStore } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

import { jitter } from "../worker/backoff.ts";
import { type Loop, startLoop } from "../worker/loop.ts";
import type { Outages } from "../worker/outages.ts";

export interface LagOptions {
  readonly bus: Pick<IngestBus, "oldestPendingAt">;
  /** Without it finished jobs are not copied from here, and nothing is said of them. */
  readonly history: Pick<HistoryStore, "oldestWaitingMs"> | undefined;
  readonly metrics: Pick<Metrics, "lakeLagSeconds" | "lakeHistoryLagSeconds">;
  readonly outages: Outages;
}

const everyMs = 15_000;

/** Measures how far the lake is behind its sources, of all tenants together, until it is stopped. What can't be measured has no value meanwhile, rather than its last one. */
export function sampleLag({ bus, history, metrics, outages }: LagOptions): Loop {
  return startLoop({
    firstDelayMs: 0,
    async step() {
      const measured = await Promise.allSettled([
        measure(metrics.lakeLagSeconds, () => oldestPendingMs(bus)),
        history && measure(metrics.lakeHistoryLagSeconds, () => history.oldestWaitingMs()),
      ]);
      const failure = measured.find((outcome) => outcome.status === "rejected");
      if (failure !== undefined) throw failure.reason;
      outages.recovered("lag");
      return jitter(everyMs);
    },
    onError: (error) => outages.failed("lag", error),
  });
}

async function measure(gauge: Metrics["lakeLagSeconds"], ageMs: () => Promise<number>): Promise<void> {
  try {
    gauge.set((await ageMs()) / 1_000);
  } catch (error) {
    gauge.set(Number.NaN);
    throw error;
  }
}

async function oldestPendingMs(bus: LagOptions["bus"]): Promise<number> {
  const at = await bus.oldestPendingAt();
  // Two clocks: what the database accepted may lie ahead of ours.
  return at === undefined ? 0 : Math.max(0, Date.now() - at.getTime());
}
