import type { Queue, QueueDetails, QueueSettingsJson } from "@millrace/contract";
import type { QueueSettings, QueueStats } from "@millrace/storage";

/** A queue as JSON shows it. */
export function toQueueJson(stats: QueueStats): Queue {
  const { queue, pending, running, completed, dead, cancelled, scheduled, capped, pausedAt, oldestPendingAgeMs } =
    stats;
  return {
    name: queue,
    counts: { pending, running, completed, dead, cancelled },
    scheduled,
    capped: [...capped],
    pausedAt: pausedAt?.toISOString() ?? null,
    oldestPendingAgeMs: oldestPendingAgeMs === null ? null : Math.max(0, Math.round(oldestPendingAgeMs)),
  };
}

/** A queue with its settings. */
export interface QueueWithSettings {
  readonly stats: QueueStats;
  readonly settings: QueueSettings;
}

/** A queue with its settings as JSON shows it. */
export function toQueueDetailsJson({ stats, settings }: QueueWithSettings): QueueDetails {
  return {
    ...toQueueJson(stats),
    pausedAt: settings.pausedAt?.toISOString() ?? null,
    settings: toSettingsJson(settings),
  };
}

function toSettingsJson({
  concurrency,
  concurrencyPerKey,
  rateLimit,
  maxDepth,
  retention,
}: QueueSettings): QueueSettingsJson {
  return { concurrency, concurrencyPerKey, rateLimit, maxDepth, retention };
}
