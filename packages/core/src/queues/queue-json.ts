import type { Queue } from "@millrace/contract";
import type { QueueStats } from "@millrace/storage";

/** A queue as JSON shows it. */
export function toQueueJson(stats: QueueStats): Queue {
  const { queue, pending, running, completed, dead, cancelled, scheduled, capped, oldestPendingAgeMs } = stats;
  return {
    name: queue,
    counts: { pending, running, completed, dead, cancelled },
    scheduled,
    capped: [...capped],
    oldestPendingAgeMs: oldestPendingAgeMs === null ? null : Math.max(0, Math.round(oldestPendingAgeMs)),
  };
}
