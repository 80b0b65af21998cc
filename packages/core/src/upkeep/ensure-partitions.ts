import type { JobStore } from "@millrace/storage";

import { jitter } from "../worker/backoff.ts";
import type { Task } from "./task.ts";

const hourMs = 3_600_000;
/** Partitions are made days before they are needed, and a failed try may have held locks. */
const pauseAfterFailureMs = 60_000;

/** Makes the partitions of the days to come. */
export function ensurePartitionsTask(store: Pick<JobStore, "ensurePartitions">): Task {
  return {
    component: "partitions",
    firstDelayMs: 0,
    async step() {
      await store.ensurePartitions();
      return jitter(hourMs);
    },
    pauseMs: () => jitter(pauseAfterFailureMs),
  };
}
