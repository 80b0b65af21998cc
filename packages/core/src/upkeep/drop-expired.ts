import type { JobStore } from "@millrace/storage";
import type { Logger } from "@millrace/telemetry";

import { jitter } from "../worker/backoff.ts";
import type { Task } from "./task.ts";

const hourMs = 3_600_000;
/** What is dropped is locked for a moment: whoever starts often does not begin with it, and whoever was in the way is given time. */
const soonMs = 60_000;
const orphansStep = 100;

/** Forgets what has been kept for its time, and cancels the jobs that waited for a retry of something forgotten. */
export function dropExpiredTask(store: Pick<JobStore, "dropExpired" | "cancelOrphans">, logger: Logger): Task {
  return {
    component: "retention",
    firstDelayMs: jitter(soonMs),
    async step() {
      const { dropped, remaining } = await store.dropExpired();
      await store.cancelOrphans(orphansStep);
      if (dropped > 0)
        logger.info({ counts: { dropped, remaining } }, "Dropped partitions that were kept for their time");
      return jitter(remaining > 0 ? soonMs : hourMs);
    },
    pauseMs: () => jitter(soonMs),
  };
}
