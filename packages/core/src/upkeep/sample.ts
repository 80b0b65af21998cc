import { jobStatuses } from "@millrace/contract";
import type { JobStore, QueueStats } from "@millrace/storage";
import type { LabelsOf, Metrics } from "@millrace/telemetry";

import { jitter } from "../worker/backoff.ts";
import type { Task } from "./task.ts";

export interface SampleOptions {
  readonly store: Pick<JobStore, "queueStats">;
  readonly intervalMs: number;
  /** Only this tenant's queues. */
  readonly tenantId?: string | undefined;
  readonly metrics: Pick<Metrics, "queueDepth" | "queueOldestReadyAgeSeconds">;
}

/** Counts the jobs of each queue for the metrics. */
export function sampleTask({ store, intervalMs, tenantId, metrics }: SampleOptions): Task {
  return {
    component: "sample",
    firstDelayMs: Math.random() * intervalMs,
    async step() {
      const stats = await store.queueStats(tenantId === undefined ? {} : { tenantId });
      metrics.queueDepth.replace(depths(stats));
      metrics.queueOldestReadyAgeSeconds.replace(
        stats.map(({ queue, oldestPendingAgeMs }) => [{ queue }, (oldestPendingAgeMs ?? 0) / 1_000]),
      );
      return jitter(intervalMs);
    },
  };
}

type Depth = readonly [LabelsOf<"queueDepth">, number];

/** One number a queue and status over all tenants. */
function depths(stats: readonly QueueStats[]): readonly Depth[] {
  return stats.flatMap((queue) => jobStatuses.map((status): Depth => [{ queue: queue.queue, status }, queue[status]]));
}
