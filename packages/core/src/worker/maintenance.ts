import { jobStatuses } from "@millrace/contract";
import type { JobStore, QueueStats } from "@millrace/storage";
import type { LabelsOf, Logger, Metrics } from "@millrace/telemetry";

import { jitter } from "./backoff.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { WorkerSettings } from "./options.ts";
import type { Component, Outages } from "./outages.ts";

export interface MaintenanceOptions {
  readonly store: Pick<JobStore, "promoteDue" | "rescueExpired" | "ensurePartitions" | "foldCounts" | "queueStats">;
  readonly settings: WorkerSettings;
  readonly outages: Outages;
  readonly metrics: Pick<Metrics, "rescuedTotal" | "queueDepth" | "queueOldestReadyAgeSeconds">;
  readonly logger: Logger;
  /** Jobs have become claimable. */
  readonly onDue: () => void;
}

export interface Maintenance {
  /** A job has been put back for later: learn anew when the next one is due. */
  wake(): void;
  stop(): Promise<void>;
}

const promoteMax = 1_000;
const rescueMax = 100;
const foldMax = 10_000;
/** Few enough changes of the counts that adding them up stays cheap. */
const foldIntervalMs = 10_000;
const hourMs = 3_600_000;
/** Partitions are made days before they are needed, and a failed try may have held locks. */
const partitionsPauseMs = 60_000;

/**
 * What every worker does for all, each task on a loop of its own: bring due jobs to where they can be claimed, rescue expired leases,
 * prepare partitions, fold counts, sample the queues. Any number of workers may do it at once, and none depends on another.
 */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { store, settings, outages, metrics, logger, onDue } = options;

  const loop = (
    component: Component,
    firstDelayMs: number,
    step: () => Promise<number>,
    pauseMs?: (failures: number) => number,
  ): Loop =>
    startLoop({
      firstDelayMs,
      pauseMs,
      async step() {
        const waitMs = await step();
        outages.recovered(component);
        return waitMs;
      },
      onError: (error) => outages.failed(component, error),
    });

  const promote = loop("promote", 0, async () => {
    const { promoted, nextDueInMs } = await store.promoteDue(promoteMax);
    if (promoted > 0) onDue();
    if (promoted >= promoteMax) return 0;
    // Others may schedule something sooner in the meantime.
    return Math.min(nextDueInMs ?? Number.POSITIVE_INFINITY, jitter(settings.pollIntervalMs));
  });

  let rescueLimit = rescueMax;
  const rescue = loop("rescue", Math.random() * settings.rescueIntervalMs, async () => {
    const limit = rescueLimit;
    // Should this fail: so many leases may be too much for a statement's deadline, and would be again.
    rescueLimit = Math.max(1, Math.floor(limit / 2));
    const { retried, dead } = await store.rescueExpired(limit);
    rescueLimit = rescueMax;
    if (retried > 0) metrics.rescuedTotal.inc({ outcome: "retried" }, retried);
    if (dead > 0) metrics.rescuedTotal.inc({ outcome: "dead" }, dead);
    if (retried + dead === 0) return jitter(settings.rescueIntervalMs);
    logger.warn({ counts: { retried, dead } }, "Rescued jobs whose leases had expired");
    onDue();
    promote.wake();
    return retried + dead < limit ? jitter(settings.rescueIntervalMs) : 0;
  });

  const partitions = loop(
    "partitions",
    0,
    async () => {
      await store.ensurePartitions();
      return jitter(hourMs);
    },
    () => jitter(partitionsPauseMs),
  );

  const counts = loop("counts", Math.random() * foldIntervalMs, async () => {
    const fewer = await store.foldCounts(foldMax);
    // Many rows that hardly fold would otherwise be folded without a rest.
    return fewer >= foldMax / 2 ? 0 : jitter(foldIntervalMs);
  });

  const sample = loop("sample", Math.random() * settings.sampleIntervalMs, async () => {
    const stats = await store.queueStats(settings.tenantId === undefined ? {} : { tenantId: settings.tenantId });
    metrics.queueDepth.replace(depths(stats));
    metrics.queueOldestReadyAgeSeconds.replace(
      stats.map(({ queue, oldestPendingAgeMs }) => [{ queue }, (oldestPendingAgeMs ?? 0) / 1_000]),
    );
    return jitter(settings.sampleIntervalMs);
  });

  return {
    wake: promote.wake,
    async stop() {
      await Promise.all([promote, rescue, partitions, counts, sample].map((one) => one.stop()));
    },
  };
}

type Depth = readonly [LabelsOf<"queueDepth">, number];

/** One number a queue and status over all tenants. */
function depths(stats: readonly QueueStats[]): readonly Depth[] {
  return stats.flatMap((queue) => jobStatuses.map((status): Depth => [{ queue: queue.queue, status }, queue[status]]));
}
