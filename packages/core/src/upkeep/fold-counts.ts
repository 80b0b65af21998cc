import type { JobStore } from "@millrace/storage";

import { jitter } from "../worker/backoff.ts";
import type { Task } from "./task.ts";

const foldMax = 10_000;
/** Few enough changes of the counts that adding them up stays cheap. */
const intervalMs = 10_000;

/** Adds up the changes of the counts of finished jobs. */
export function foldCountsTask(store: Pick<JobStore, "foldCounts">): Task {
  return {
    component: "counts",
    firstDelayMs: Math.random() * intervalMs,
    async step() {
      const fewer = await store.foldCounts(foldMax);
      // Many rows that hardly fold would otherwise be folded without a rest.
      return fewer >= foldMax / 2 ? 0 : jitter(intervalMs);
    },
  };
}
