import type { JobStore } from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import { jitter } from "../worker/backoff.ts";
import type { Task } from "./task.ts";

const rescueMax = 100;

export interface RescueOptions {
  readonly store: Pick<JobStore, "rescueExpired">;
  readonly intervalMs: number;
  readonly metrics: Pick<Metrics, "rescuedTotal">;
  readonly logger: Logger;
  /** Jobs have been put back. */
  readonly onRescued: () => void;
}

/** Rescues the jobs of expired leases, of any worker. */
export function rescueTask({ store, intervalMs, metrics, logger, onRescued }: RescueOptions): Task {
  let rescueLimit = rescueMax;
  return {
    component: "rescue",
    firstDelayMs: Math.random() * intervalMs,
    async step() {
      const limit = rescueLimit;
      // Should this fail: so many leases may be too much for a statement's deadline, and would be again.
      rescueLimit = Math.max(1, Math.floor(limit / 2));
      const { retried, dead, postponed } = await store.rescueExpired(limit);
      rescueLimit = postponed > 0 ? limit : rescueMax;
      if (postponed > 0) {
        logger.error({ counts: { postponed } }, "A claim whose lease has expired could not be rescued; it is put off");
        return 0;
      }
      if (retried > 0) metrics.rescuedTotal.inc({ outcome: "retried" }, retried);
      if (dead > 0) metrics.rescuedTotal.inc({ outcome: "dead" }, dead);
      if (retried + dead === 0) return jitter(intervalMs);
      logger.warn({ counts: { retried, dead } }, "Rescued jobs whose leases had expired");
      onRescued();
      return retried + dead < limit ? jitter(intervalMs) : 0;
    },
  };
}
